import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { InterruptedError } from "../../../lib/backend/cancel.ts";
import { loadBackend } from "../../../lib/backend/load.ts";
import { experimentSteps, runPlace } from "../../../lib/papers/build.ts";
import { readMetrics } from "../../../lib/train/metrics.ts";
import { readLooks, truncateLooks } from "../../../lib/train/validation.ts";
import { tinyExperiment, tinyScenes } from "./tiny.ts";

const folder = mkdtempSync(join(tmpdir(), "potstill-looks-"));
afterAll(() => { rmSync(folder, { recursive: true }); });
beforeAll(async () => { await loadBackend(); });

const experiment = tinyExperiment(6, { method: undefined });
const dataset = tinyScenes(4);

/** Trains until the end, or an iteration; the look tells a number of the weights. */
async function train(runs: string, { until = Infinity, interrupted = () => false }: { readonly until?: number; readonly interrupted?: (iteration: number) => boolean } = {}): Promise<number[]> {
  const asked: number[] = [];
  const look = async (detector: { parameters(): readonly { readonly variable: tf.Variable }[] }, iteration: number) => {
    asked.push(iteration);
    if (interrupted(iteration)) throw new InterruptedError();
    return { weight: tf.tidy(() => tf.sum(detector.parameters()[0].variable).dataSync<"float32">()[0]) };
  };
  for await (const { iteration } of experimentSteps(experiment, { dataset, seed: 2, runs, checkpointEvery: 2, validate: { at: [2, 3, 6], look } })) if (iteration + 1 >= until) break;
  return asked;
}

const fileIn = async (runs: string, name = "validation.jsonl") => join((await runPlace(experiment, { dataset, seed: 2, runs })).folder, name);
const losses = async (runs: string) => readMetrics(await fileIn(runs, "metrics.jsonl")).map(({ total, gradientNorm }) => [total, gradientNorm]);

describe("looks at a detector that is being trained", () => {
  const whole = join(folder, "whole");

  it("are kept in order, change no step and leave no tensor", async () => {
    const before = tf.memory().numTensors;
    expect(await train(whole)).toEqual([2, 3, 6]);
    expect(tf.memory().numTensors).toBe(before);
    const looks = readLooks(await fileIn(whole));
    expect(looks.map(({ iteration }) => iteration)).toEqual([2, 3, 6]);
    expect(new Set(looks.map(({ weight }) => weight)).size).toBe(3);
    expect(await train(whole)).toEqual([]); // a finished run is not looked at again
    const blind = join(folder, "blind");
    for await (const _ of experimentSteps(experiment, { dataset, seed: 2, runs: blind }));
    expect(await losses(blind)).toEqual(await losses(whole));
  });

  it("interrupted in the middle of one go on to the same file", async () => {
    const runs = join(folder, "interrupted");
    await expect(train(runs, { interrupted: (iteration) => iteration === 3 })).rejects.toThrow("interrupted");
    expect(await train(runs)).toEqual([3, 6]);
    expect(readFileSync(await fileIn(runs), "utf8")).toBe(readFileSync(await fileIn(whole), "utf8"));
    expect(await losses(runs)).toEqual(await losses(whole));
  });

  it("beyond what is resumed are forgotten, and a line that a kill cut short", async () => {
    const runs = join(folder, "killed");
    await train(runs, { until: 4 });
    appendFileSync(await fileIn(runs), '{"iteration":6,"weight":99}\n{"iterat');
    expect(await train(runs)).toEqual([6]);
    expect(readFileSync(await fileIn(runs), "utf8")).toBe(readFileSync(await fileIn(whole), "utf8"));
  });

  it("are refused where the file is broken in the middle", () => {
    const path = join(folder, "broken.jsonl");
    writeFileSync(path, '{"iteration":2}\nnothing\n{"iteration":3}\n');
    expect(() => readLooks(path)).toThrow(/broken\.jsonl, line 2: expected the numbers of an iteration after 2\. Remove the run's folder/);
    writeFileSync(path, '{"iteration":3}\n{"iteration":2}\n');
    expect(() => truncateLooks(path, 9)).toThrow(/line 2: expected the numbers of an iteration after 3/);
    expect(readLooks(join(folder, "none.jsonl"))).toEqual([]);
  });
});
