import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { loadBackend } from "../../../../lib/backend/load.ts";
import { roiBoxLoss, roiBoxTargets } from "../../../../lib/detector/loss/roi-box.ts";
import { softmaxCrossEntropy } from "../../../../lib/detector/loss/softmax-cross-entropy.ts";
import { expectGradients, normal } from "../../tensor/finite-difference.ts";

beforeAll(async () => { await loadBackend(); });

const labels = Int32Array.of(2, 0, 1, 2);
const weights = Float32Array.of(0.5, 1, 0, 2);

describe("softmaxCrossEntropy", () => {
  it("has its gradient, also on portable backends", async () => {
    const check = () => tf.tidy(() => expectGradients((x) => softmaxCrossEntropy(x as tf.Tensor2D, labels, weights), [normal([4, 3], "logits")]));
    check();
    const value = () => tf.tidy(() => { const x = normal([4, 3], "logits") as tf.Tensor2D; return [softmaxCrossEntropy(x, labels, weights).dataSync()[0]]; })[0];
    const own = value();
    await import("@tensorflow/tfjs-backend-cpu");
    const native = tf.getBackend();
    await tf.setBackend("cpu");
    try {
      expect(value()).toBeCloseTo(own, 5);
      check();
    } finally {
      await tf.setBackend(native);
    }
  });

  it("stays finite for huge logits", () => {
    tf.tidy(() => {
      expect(softmaxCrossEntropy(tf.tensor2d([1e4, -1e4, 0], [1, 3]), Int32Array.of(1), Float32Array.of(1)).dataSync()[0]).toBe(2e4);
    });
  });
});

describe("roiBoxLoss", () => {
  const sample = { boxes: Float32Array.of(0, 0, 10, 10, 5, 5, 25, 20, 0, 0, 4, 4), labels: Int32Array.of(1, -1, 0), objects: Int32Array.of(0, -1, 1), truths: new Uint8Array(3) };
  const objects = { boxes: Float32Array.of(1, 1, 11, 12, 0, 0, 4, 5) };
  const coder = { weights: [10, 10, 5, 5], clamp: "above" } as const;

  it.each([
    [{ classes: 2, background: "first", agnostic: false, beta: 1 }, 12],
    [{ classes: 2, background: "last", agnostic: false, beta: 1 }, 8],
    [{ classes: 2, background: "last", agnostic: true, beta: 1, weight: 0.5 }, 4],
  ] as const)("has its gradient: %j", (layout, columns) => {
    tf.tidy(() => {
      const targets = roiBoxTargets([sample], [objects], coder);
      const inputs = [normal([3, 3], "logits"), normal([3, columns], "deltas")];
      const all = (l: tf.Tensor, d: tf.Tensor) => { const { class: c, box } = roiBoxLoss({ logits: l as tf.Tensor2D, deltas: d as tf.Tensor2D }, targets, layout); return tf.add(c, box); };
      expectGradients(all, inputs);
    });
  });

  it("is zero without regions, whatever the stand-in row says", () => {
    tf.tidy(() => {
      const { class: c, box } = roiBoxLoss({ logits: tf.ones([1, 3]), deltas: tf.ones([1, 8]) }, { labels: new Int32Array(0), regression: new Float32Array(0) }, { classes: 2, background: "last", agnostic: false, beta: 0 });
      expect([c.dataSync()[0], box.dataSync()[0]]).toEqual([0, 0]);
    });
  });
});
