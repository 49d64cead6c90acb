import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { appendFileSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, describe, expect, it } from "vitest";
import type { Experiment } from "../../../lib/papers/experiment.ts";
import { findLeaks } from "../../../lib/provenance/leaks.ts";
import { random } from "../../../lib/tensor/random.ts";
import { claim } from "../../../lib/train/atomic.ts";
import { readMetrics } from "../../../lib/train/metrics.ts";
import { runResult } from "../../../lib/train/run.ts";
import { tinyExperiment } from "./tiny.ts";

const root = join(import.meta.dirname, "..", "..", "..");
const folder = mkdtempSync(join(tmpdir(), "potstill-run-"));
afterAll(() => { rmSync(folder, { recursive: true }); });

const iterations = 14;

/** Runs the child until it ends, or kills it hard as soon as it has told iteration `killAt`. */
function train(runs: string, killAt = Infinity, experiment: Experiment = tinyExperiment(iterations)): Promise<{ code: number | null; told: number[]; errors: string }> {
  const child = spawn(process.execPath, [join(import.meta.dirname, "resume-child.mjs"), join(root, "dist"), runs, JSON.stringify(experiment)]);
  const told: number[] = [];
  let errors = "";
  child.stderr.on("data", (data) => { errors += String(data); });
  createInterface(child.stdout).on("line", (line) => {
    told.push(Number(line));
    if (Number(line) >= killAt) child.kill("SIGKILL");
  });
  return new Promise((done) => { child.on("close", (code) => { done({ code, told, errors }); }); });
}

const runFolderOf = (runs: string) => {
  const hash = join(runs, "test", "tiny");
  return join(hash, readdirSync(hash)[0], "seed-3");
};
const weights = (runs: string) => createHash("sha256").update(readFileSync(join(runFolderOf(runs), "checkpoint", "state.safetensors"))).digest("hex");
const losses = (runs: string) => readMetrics(join(runFolderOf(runs), "metrics.jsonl")).map(({ losses: values, gradientNorm }) => ({ values, gradientNorm }));

describe("a run directory", () => {
  const whole = join(folder, "whole");

  it("holds config, metrics, weights and result", async () => {
    const { code, told, errors } = await train(whole);
    expect(errors).toBe("");
    expect(code).toBe(0);
    expect(told).toEqual(Array.from({ length: iterations }, (_, i) => i));
    expect(readdirSync(runFolderOf(whole)).filter((name) => name !== "code.patch").sort()).toEqual(["checkpoint", "code.json", "config.json", "metrics.jsonl", "result.json", "ro-crate-metadata.json", "weights.safetensors"]);
    expect(runResult(runFolderOf(whole))).toMatchObject({ status: "finished", iterations, environment: { device: "cpu" } });
    expect(readFileSync(join(runFolderOf(whole), "result.json"), "utf8")).not.toContain("/"); // no paths of this machine
  });

  it("says by what code and what it was made, and nothing of the machine's folders, user and secrets", () => {
    const told = (name: string) => readFileSync(join(runFolderOf(whole), name), "utf8");
    const { started, code, versions } = JSON.parse(told("code.json")) as { started: string; code: { source: string }; versions: Record<string, string> };
    expect([code.source, versions.node, versions["@tensorflow/tfjs-core"]]).toEqual([expect.stringMatching(/^(?:git|package)$/), process.versions.node, "4.22.0"]);
    const { ended } = JSON.parse(told("result.json")) as { ended: string };
    expect(Date.parse(ended)).toBeGreaterThanOrEqual(Date.parse(started));
    expect(told("ro-crate-metadata.json")).toContain("http://schema.org/CompletedActionStatus");
    for (const name of ["config.json", "result.json", "code.json", "metrics.jsonl", "ro-crate-metadata.json"]) expect(findLeaks(told(name)), name).toEqual([]);
  });

  it("keeps the error of a training that fails", async () => {
    const runs = join(folder, "failing"), failing = tinyExperiment(4, { training: { ...tinyExperiment(4).training, learningRate: { base: 1e30 } } });
    const { code, errors } = await train(runs, Infinity, failing);
    expect([code, errors]).toEqual([1, expect.stringMatching(/non-finite/)]);
    const crate = readFileSync(join(runFolderOf(runs), "ro-crate-metadata.json"), "utf8");
    expect(crate).toMatch(/"error": "NonFiniteLossError: non-finite loss at iteration/);
    expect(findLeaks(crate)).toEqual([]);
  });

  const draw = random(Date.now(), "kill");
  const kills = [1 + draw.integer(5), 7 + draw.integer(5)];

  it(`resumes after kill −9 at random steps (${kills.join(" and ")}) and ends with the same bits`, async () => {
    const runs = join(folder, "killed");
    for (const at of kills) {
      await train(runs, at);
      expect(existsSync(join(runFolderOf(runs), "result.json")), `killed at ${at}`).toBe(false);
    }
    const { code, told, errors } = await train(runs);
    expect({ code, errors }).toEqual({ code: 0, errors: "" });
    expect(told).toEqual(Array.from({ length: iterations }, (_, i) => i));
    expect(weights(runs)).toBe(weights(whole));
    expect(losses(runs)).toEqual(losses(whole));
  });

  it("never trains a finished run again", async () => {
    const before = weights(whole);
    writeFileSync(join(runFolderOf(whole), "config.json"), "{}"); // would be written anew by a training
    const { code, told } = await train(whole);
    expect(code).toBe(0);
    expect(told).toHaveLength(iterations);
    expect(readFileSync(join(runFolderOf(whole), "config.json"), "utf8")).toBe("{}");
    expect(weights(whole)).toBe(before);
  });

  it("finishes a run that was killed between its last checkpoint and its result", async () => {
    const result = join(runFolderOf(whole), "result.json"), before = weights(whole);
    rmSync(result);
    const { code, told, errors } = await train(whole);
    expect({ code, errors }).toEqual({ code: 0, errors: "" });
    expect(told).toHaveLength(iterations);
    expect(runResult(runFolderOf(whole))).toMatchObject({ status: "finished", iterations });
    expect(weights(whole)).toBe(before);
  });

  it("drops a last line that a kill cut short and refuses a broken one in the middle", () => {
    const path = join(folder, "metrics.jsonl");
    writeFileSync(path, `${JSON.stringify({ iteration: 0 })}\n{"iteration": 1, "los`);
    expect(readMetrics(path)).toHaveLength(1);
    appendFileSync(path, `\n${JSON.stringify({ iteration: 2 })}\n`);
    expect(() => readMetrics(path)).toThrow(/line 2/);
  });

  it("refuses a second process while the first one trains", async () => {
    const runs = join(folder, "claimed");
    const first = train(runs, 8);
    await new Promise<void>((ready) => {
      const wait = setInterval(() => {
        if (!existsSync(join(runs, "test", "tiny")) || readdirSync(join(runs, "test", "tiny")).length === 0 || !existsSync(join(runFolderOf(runs), "lock"))) return;
        clearInterval(wait);
        ready();
      }, 20);
    });
    const second = await train(runs);
    expect(second.code).toBe(1);
    expect(second.errors).toMatch(/is being trained by process \d+/);
    await first;
  });
});

describe("a claim", () => {
  const path = join(folder, "claim", "lock");
  const write = (text: string, ageSeconds = 0) => {
    const then = new Date(Date.now() - ageSeconds * 1000);
    writeFileSync(path, text);
    utimesSync(path, then, then);
  };

  it("names its process and host from the first moment on, and refuses others until it is released", () => {
    const held = claim(path);
    expect(JSON.parse(readFileSync(path, "utf8"))).toMatchObject({ pid: process.pid, host: hostname() });
    expect(() => claim(path)).toThrow(`is being trained by process ${process.pid} on ${hostname()}`);
    held.release();
    expect(readdirSync(join(folder, "claim"))).toEqual([]);
  });

  it("of another host stands until it has been silent for ten minutes; beat() is the sign of life", () => {
    write(JSON.stringify({ pid: 2 ** 22 + 7, host: "elsewhere", nonce: "n" }), 9 * 60);
    expect(() => claim(path)).toThrow("on elsewhere");
    write(JSON.stringify({ pid: 2 ** 22 + 7, host: "elsewhere", nonce: "n" }), 11 * 60);
    const held = claim(path);
    const then = new Date(Date.now() - 11 * 60_000);
    utimesSync(path, then, then);
    held.beat();
    expect(() => claim(path)).toThrow("is being trained");
    held.release();
  });

  it("of a process that is gone is taken over, an empty one not before it is old: its writer may be at it", () => {
    write(JSON.stringify({ pid: 2 ** 22 + 7, host: hostname(), nonce: "n" }));
    claim(path).release();
    write("");
    expect(() => claim(path)).toThrow("another process");
    write("", 11 * 60);
    claim(path).release();
  });

  it.skipIf(process.platform !== "linux")("says at once that a folder takes no new ones", () => {
    expect(() => claim("/proc/potstill/run/lock")).toThrow(/no folder can be made in \/proc/);
  });
});
