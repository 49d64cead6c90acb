import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { readSafetensors } from "../../lib/detector/weights/safetensors.ts";
import { root } from "../potstill.ts";

const folder = mkdtempSync(join(tmpdir(), "potstill-interrupt-"));
const children: ChildProcess[] = [];
afterEach(() => { for (const child of children.splice(0)) child.kill("SIGKILL"); });
afterAll(() => rmSync(folder, { recursive: true }));

/** A real command; `until` waits for what it tells, `ended` for its end. */
function launch(args: readonly string[]) {
  const child = spawn(process.execPath, args, { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
  children.push(child);
  let [text, heard] = ["", () => {}];
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => { text += String(data); heard(); });
  const ended = new Promise<{ code: number | null; signal: string | null }>((done) => { child.on("close", (code, signal) => { heard(); done({ code, signal }); }); });
  const until = async (what: RegExp) => {
    while (!what.test(text)) {
      if (child.exitCode !== null) throw new Error(`ended with ${child.exitCode} before ${what}:\n${text}`);
      await new Promise<void>((done) => { heard = done; });
    }
  };
  return { kill: (signal: NodeJS.Signals) => child.kill(signal), until, ended, running: () => child.exitCode === null && child.signalCode === null, text: () => text };
}

const start = (...args: string[]) => launch([join(root, "cli", "potstill.mjs"), ...args]);

/** Work that never looks up: no handler of its thread runs, and no TensorFlow operation stops it. */
function busy() {
  const code = `const { computing } = await import(${JSON.stringify(pathToFileURL(join(root, "dist/cli/interruptible.js")).href)});
    await computing(async () => { process.stderr.write("busy\\n"); const end = Date.now() + 40_000; while (Date.now() < end); });`;
  return launch(["--input-type=module", "-e", code]);
}

const pause = (ms: number) => new Promise((done) => { setTimeout(done, ms); });

/** A step of seconds, of operations of tenths of a second, and a small checkpoint. */
const slow = { detector: { kind: "retinanet", preset: "tiny" }, data: { batchSize: 4, transforms: { resize: { kind: "fixed", width: 1024, height: 1024 } } }, training: { iterations: 3 } };

describe("a signal in the middle of a training step", () => {
  it("ends it at the next operation; whole steps are kept", { timeout: 300_000 }, async () => {
    const config = join(folder, "slow.json");
    writeFileSync(config, JSON.stringify(slow));
    const first = start("train", config, "--runs", "runs");
    await first.until(/iteration 1 of 3 runs: 4 images, as 1024 × 1024 pixels/);
    await first.until(/1\/3 {2}loss .* left\n/);
    await pause(300); // the second step computes
    first.kill("SIGTERM");
    expect(await first.ended).toEqual({ code: 143, signal: null });
    expect(first.text()).toMatch(/Interrupted\. The same command continues where it stopped\.\n$/);
    const run = /^(runs\S+):/m.exec(first.text())![1];
    expect(readSafetensors(join(folder, run, "checkpoint", "state.safetensors")).metadata["iteration"]).toBe("1");
    expect(readFileSync(join(folder, run, "metrics.jsonl"), "utf8").trim().split("\n")).toHaveLength(1);
    expect(existsSync(join(folder, run, "lock"))).toBe(false);

    const second = start("train", config, "--runs", "runs");
    await second.until(/iteration 2 of 3 runs/);
    expect(second.text()).not.toContain("1/3  loss"); // an earlier sitting is not told again
    await pause(300);
    second.kill("SIGINT");
    expect(await second.ended).toEqual({ code: 130, signal: null });
  });

  it("ends potstill preflight without a verdict", { timeout: 120_000 }, async () => {
    const config = join(folder, "unsaid.json");
    writeFileSync(config, JSON.stringify({ ...slow, detector: { kind: "retinanet" } }));
    const child = start("preflight", config, "--iterations", "1000");
    await child.until(/preset is left out/); // told right before it computes
    await pause(1500);
    child.kill("SIGTERM");
    expect(await child.ended).toEqual({ code: 143, signal: null });
    expect(child.text()).toMatch(/Interrupted\.\n$/);
    expect(child.text()).not.toContain("refused");
  });

  it("given twice ends the process whatever it does; sent twice at once, as timeout does, it is one", { timeout: 60_000 }, async () => {
    const child = busy();
    await child.until(/busy/);
    child.kill("SIGTERM");
    child.kill("SIGTERM");
    await pause(1000);
    expect(child.running()).toBe(true);
    child.kill("SIGTERM");
    const asked = performance.now();
    expect(await child.ended).toEqual({ code: null, signal: "SIGKILL" });
    expect(performance.now() - asked).toBeLessThan(10_000); // its work would go on for longer
  });
});
