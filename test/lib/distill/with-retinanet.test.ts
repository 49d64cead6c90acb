import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { loadBackend } from "../../../lib/backend/load.ts";
import type { Batch } from "../../../lib/data/batch.ts";
import { retinanet } from "../../../lib/detector/retinanet.ts";
import { lgd, sssd } from "../../../lib/distill/index.ts";
import type { Step } from "../../../lib/train/step.ts";
import { training } from "../../../lib/train/training.ts";
import { normal } from "./finite-difference.ts";
import { targetsOf } from "./tiny.ts";

beforeAll(async () => void (await loadBackend()));

const edge = { height: 64, width: 64 };
const targets = targetsOf([3, 0]).map((target) => ({ ...target, ...edge }));

async function* batches(): AsyncGenerator<Batch> {
  for (;;) {
    const images = normal("images", [2, 64, 64, 3]) as tf.Tensor4D;
    yield { images, targets, dispose: () => images.dispose() };
  }
}

describe("label-guided methods with a real detector and the library's training", () => {
  it.each([["lgd", lgd], ["sssd", sssd]] as const)("%s: K_e's losses fall on one batch, shares are reported, nothing leaks", async (_name, method) => {
    const before = tf.memory().numTensors;
    const detector = retinanet({ classes: 3, seed: 1, channels: 16, backbone: "tiny-8" });
    const distiller = method({ channels: 16, classes: 3, seed: 1, distillFrom: 3 });
    const run = training({ detector, distiller, batches, iterations: 12, optimiser: { learningRate: () => 0.01 } });
    const steps: Step[] = [];
    for await (const step of run.steps()) steps.push(step);
    const own = (step: Step) => Object.entries(step.losses).filter(([term]) => term.startsWith("teacher.")).reduce((sum, [, value]) => sum + value, 0);
    expect(own(steps[11])).toBeLessThan(own(steps[0]));
    expect(steps[0].distillShare).toBeCloseTo((steps[0].lambda * steps[0].losses.distill) / steps[0].total, 6);
    expect(new Set(steps.slice(1).map((step) => step.tensors)).size).toBe(1);
    run.dispose();
    distiller.dispose();
    detector.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});
