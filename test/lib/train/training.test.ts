import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { loadBackend } from "../../../lib/backend/load.ts";
import { batches } from "../../../lib/data/batches.ts";
import { retinanet } from "../../../lib/detector/retinanet.ts";
import { buildTraining } from "../../../lib/papers/build.ts";
import { NonFiniteLossError } from "../../../lib/train/step.ts";
import type { Step } from "../../../lib/train/step.ts";
import { constant } from "../../../lib/train/schedule.ts";
import { training } from "../../../lib/train/training.ts";
import { tinyExperiment, tinyScenes } from "./tiny.ts";

beforeAll(async () => { await loadBackend(); });

async function run(iterations: number, seed = 1): Promise<Step[]> {
  const built = await buildTraining(tinyExperiment(iterations), { dataset: tinyScenes(), seed });
  const steps: Step[] = [];
  for await (const step of built.training.steps()) steps.push(step);
  built.dispose();
  return steps;
}

const numbers = ({ losses, gradientNorm }: Step) => ({ losses, gradientNorm });

describe("training", () => {
  it("gives the same numbers for the same seed, twice, and others for another seed", async () => {
    const first = await run(6);
    expect((await run(6)).map(numbers)).toEqual(first.map(numbers));
    expect((await run(2, 2))[0].losses).not.toEqual(first[0].losses);
  });

  it("reports what the total is made of", async () => {
    const steps = await run(6);
    for (const { losses, weighted, shares, total, distillShare, lambda } of steps) {
      expect(Object.values(weighted).reduce((a, b) => a + b)).toBeCloseTo(total, 9);
      expect(Object.values(shares).reduce((a, b) => a + b)).toBeCloseTo(1, 9);
      expect(weighted["distill"]).toBeCloseTo(lambda * losses["distill"], 9);
      expect(distillShare).toBeCloseTo(weighted["distill"] / total, 12);
    }
    expect(steps.map(({ lambda }) => lambda)).toEqual([5, 5, 5, 5, 8, 8]);
    expect(steps.map(({ learningRates }) => learningRates["backbone"] === 0)).toEqual([true, true, false, false, false, false]);
  });

  it("keeps the number of tensors constant and gives all back", async () => {
    const before = tf.memory().numTensors;
    const built = await buildTraining(tinyExperiment(6), { dataset: tinyScenes(), seed: 1 });
    const counts: number[] = [];
    for await (const step of built.training.steps()) counts.push(step.tensors);
    built.dispose();
    expect(new Set(counts.slice(1)).size).toBe(1);
    expect(tf.memory().numTensors).toBe(before);
  });

  it("does not train what is frozen", async () => {
    const built = await buildTraining(tinyExperiment(2), { dataset: tinyScenes(), seed: 1 });
    const stem = [...built.training.state()].find(([name]) => name.includes("conv1.weight"))![1];
    const before = stem.dataSync().slice();
    for await (const _ of built.training.steps());
    expect(stem.dataSync()).toEqual(before);
    built.dispose();
  });

  it("leaves every entry of its state as it was when the backward pass throws", async () => {
    const detector = retinanet({ classes: 6, seed: 1, channels: 8, backbone: "tiny-4", head: { norm: { kind: "group", groups: 2 } }, normaliser: "moving-average" });
    let broken = false;
    const fragile = { ...detector, loss: (...args: Parameters<typeof detector.loss>) => {
      const terms = detector.loss(...args);
      const breaking = tf.customGrad((x) => ({ value: tf.clone(x as tf.Tensor), gradFunc: (dy: tf.Tensor) => { if (broken) throw new Error("interrupted"); return dy; } }));
      return { ...terms, bbox_regression: breaking(terms["bbox_regression"]) as tf.Scalar };
    } };
    const built = training({ detector: fragile, iterations: 3, batches: (from) => batches(tinyScenes(), { batchSize: 2, seed: 1, from, transforms: { normalise: "simple" } }), optimiser: { learningRate: constant(0.1) } });
    const state = () => new Map([...built.state()].map(([name, variable]) => [name, variable.dataSync().slice()]));
    const start = state();
    for await (const _ of built.steps()) break;
    const before = state();
    expect(before.get("loss_normalizer")).not.toEqual(start.get("loss_normalizer"));
    broken = true;
    const tensors = tf.memory().numTensors;
    await expect(built.steps().next()).rejects.toThrow("interrupted");
    expect(state()).toEqual(before);
    expect(tf.memory().numTensors - tensors).toBeLessThanOrEqual(3); // the anchors' assignment of a batch
    broken = false;
    expect((await built.steps().next()).value).toMatchObject({ iteration: 1 });
    built.dispose();
    detector.dispose();
  });

  it("records nothing of a method's readings for the backward pass, and they do not change what is trained", async () => {
    const engine = tf.engine() as unknown as { endTape(): void; state: { activeTape: readonly unknown[] | null } };
    const lengths: number[] = [];
    const endTape = engine.endTape.bind(engine);
    const end = vi.spyOn(engine, "endTape").mockImplementation(() => {
      lengths.push(engine.state.activeTape?.length ?? 0);
      endTape();
    });
    const step = async (observe: boolean) => {
      const experiment = tinyExperiment(1);
      const built = await buildTraining({ ...experiment, method: { ...experiment.method!, observe } }, { dataset: tinyScenes(), seed: 1 });
      for await (const done of built.training.steps()) { built.dispose(); return done; }
      throw new Error("no step");
    };
    const plain = await step(false);
    const seen = await step(true);
    end.mockRestore();
    expect(lengths).toHaveLength(2);
    const count = Object.keys(seen.observed!).length;
    expect(count).toBeGreaterThan(3);
    expect(lengths[1] - lengths[0]).toBe(count); // their finished values, which the vector of all terms holds
    expect(numbers(seen)).toEqual(numbers(plain));
    expect(Object.values(seen.observed!).every((value) => value > 0)).toBe(true);
  });

  it("stops at a loss that is not finite, names it, and leaves the weights as they were", async () => {
    const detector = retinanet({ classes: 6, seed: 1, channels: 8, backbone: "tiny-4", head: { norm: { kind: "group", groups: 2 } } });
    const poisoned = { ...detector, loss: (...args: Parameters<typeof detector.loss>) => {
      const terms = detector.loss(...args);
      return { ...terms, bbox_regression: tf.mul<tf.Scalar>(terms["bbox_regression"], Number.NaN) };
    } };
    const weights = () => detector.parameters().map(({ variable }) => variable.dataSync().slice());
    const before = weights();
    const run = training({ detector: poisoned, iterations: 3, batches: (from) => batches(tinyScenes(), { batchSize: 2, seed: 1, from, transforms: { normalise: "simple" } }), optimiser: { learningRate: constant(0.1) } });
    const tensors = tf.memory().numTensors;
    await expect(run.steps().next()).rejects.toThrow(NonFiniteLossError);
    await expect(run.steps().next()).rejects.toThrow(/iteration 0: bbox_regression \(.*classification = \d/);
    expect(weights()).toEqual(before);
    expect(tf.memory().numTensors - tensors).toBeLessThanOrEqual(3); // the anchors' assignment of a batch
    run.dispose();
    detector.dispose();
  });
});
