import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { appendFileSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, describe, expect, it } from "vitest";
import { random } from "../../../lib/tensor/random.ts";
import { readMetrics } from "../../../lib/train/metrics.ts";
import { runResult } from "../../../lib/train/run.ts";
import { tinyExperiment } from "./tiny.ts";

const root = join(import.meta.dirname, "..", "..", "..");
const folder = mkdtempSync(join(tmpdir(), "potstill-run-"));
afterAll(() => { rmSync(folder, { recursive: true }); });

const iterations = 14;

/** Runs the child until it ends, or kills it hard as soon as it has told iteration `killAt`. */
function train(runs: string, killAt = Infinity): Promise<{ code: number | null; told: number[]; errors: string }> {
  const child = spawn(process.execPath, [join(import.meta.dirname, "resume-child.mjs"), join(root, "dist"), runs, JSON.stringify(tinyExperiment(iterations))]);
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
    expect(readdirSync(runFolderOf(whole)).sort()).toEqual(["checkpoint", "config.json", "metrics.jsonl", "result.json"]);
    expect(runResult(runFolderOf(whole))).toMatchObject({ status: "finished", iterations, environment: { device: "cpu" } });
    expect(readFileSync(join(runFolderOf(whole), "result.json"), "utf8")).not.toContain("/"); // no paths of this machine
  });

  it("resumes after kill −9 at random steps and ends with the same bits", async () => {
    const runs = join(folder, "killed");
    const draw = random(Date.now(), "kill");
    const kills = [1 + draw.integer(5), 7 + draw.integer(5)];
    for (const at of kills) {
      await train(runs, at);
      expect(existsSync(join(runFolderOf(runs), "result.json")), `killed at ${at}`).toBe(false);
    }
    const { code, told, errors } = await train(runs);
    expect({ code, errors, kills }).toMatchObject({ code: 0, errors: "" });
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
