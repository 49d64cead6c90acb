import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { loadBackend } from "../../../../lib/backend/load.ts";
import { binaryCrossEntropy } from "../../../../lib/detector/loss/binary-cross-entropy.ts";
import { distillationDivergence } from "../../../../lib/detector/loss/distillation-divergence.ts";
import { distributionFocalLoss, expectation, expectedBin } from "../../../../lib/detector/loss/distribution.ts";
import { qualityFocalLoss } from "../../../../lib/detector/loss/quality-focal.ts";
import { softCrossEntropy } from "../../../../lib/detector/loss/soft-cross-entropy.ts";
import { expectGradients, normal } from "../../tensor/finite-difference.ts";

beforeAll(async () => { await loadBackend(); });

const matrix = (x: tf.Tensor) => x as tf.Tensor2D;

describe("quality focal loss", () => {
  const targets = () => ({
    weights: tf.tensor2d([1, 0.5, 0, 2], [4, 1]),
    positions: tf.tensor1d([1, 11], "int32"),
    positiveWeights: tf.tensor1d([1, 2]),
    qualities: tf.tensor1d([0.9, 0.1]),
  });

  it.each([0, 1, 2, 1.5])("has the gradient of its value for β = %f", (beta) => {
    tf.tidy(() => expectGradients((x) => qualityFocalLoss(matrix(x), targets(), { beta }), [normal([4, 3], "logits", { scale: 2 })]));
  });

  it("is finite with a finite gradient for logits of ±100, and 0 where a score meets its quality", () => {
    tf.tidy(() => {
      const logits = tf.tensor2d([100, -100, 0, -100, 100, 0, 1, 1, 1, 100, 100, -100], [4, 3]);
      const { value, grad } = tf.valueAndGrad((x: tf.Tensor) => qualityFocalLoss(matrix(x), targets(), { beta: 2 }))(logits);
      expect([...value.dataSync(), ...grad.dataSync()].every(Number.isFinite)).toBe(true);
      const met = qualityFocalLoss(tf.tensor2d([0], [1, 1]), { weights: tf.ones([1, 1]), positions: tf.tensor1d([0], "int32"), positiveWeights: tf.ones([1]), qualities: tf.tensor1d([0.5]) }, { beta: 2 });
      expect(met.dataSync()[0]).toBeCloseTo(0, 6);
    });
  });
});

describe("distributions", () => {
  it("have the gradients of their values", () => {
    tf.tidy(() => {
      const logits = normal([5, 9], "logits", { scale: 2 });
      expectGradients((x) => distributionFocalLoss(matrix(x), [0, 0.25, 3, 6.9, 7.9]), [logits]);
      expectGradients((x) => expectation(matrix(x)), [logits]);
      expectGradients((x) => softCrossEntropy(matrix(x), matrix(tf.abs(normal([5, 9], "targets")))), [logits]);
      expectGradients((x) => distillationDivergence(matrix(x), matrix(normal([5, 9], "teacher", { scale: 2 })), 3), [logits]);
    });
  });

  it("expect the same bin on the host", () => {
    tf.tidy(() => {
      const logits = matrix(normal([3, 17], "host", { scale: 5 }));
      const data = logits.dataSync<"float32">();
      for (const [i, bin] of expectation(logits).dataSync().entries()) expect(expectedBin(data, 17 * i, 17)).toBeCloseTo(bin, 4);
      expect(expectedBin(Float32Array.of(0, 1000, 0), 0, 3)).toBe(1);
    });
  });

  it("name targets that bins cannot say", () => {
    tf.tidy(() => {
      const logits = tf.zeros<tf.Rank.R2>([1, 17]);
      for (const target of [-0.1, 16, NaN]) expect(() => distributionFocalLoss(logits, [target])).toThrow(`target ${target} in row 0; allowed are 0 to below 16`);
      expect(() => distributionFocalLoss(logits, [1, 2])).toThrow("2 targets for 1 rows");
    });
  });

  it("diverge by 0 from themselves, and finitely when they are far apart", () => {
    tf.tidy(() => {
      const own = matrix(normal([2, 5], "own", { scale: 3 }));
      expect(Array.from(distillationDivergence(own, own, 10).dataSync())).toEqual([0, 0]);
      const [far] = distillationDivergence(tf.tensor2d([[400, 0, 0]]), tf.tensor2d([[0, 400, 0]]), 1).dataSync();
      expect(far).toBeCloseTo(400 / 3, 3);
    });
  });
});

describe("binary cross entropy", () => {
  it("has the gradient of its value and stands logits of ±100", () => {
    tf.tidy(() => {
      expectGradients((x) => binaryCrossEntropy(x, tf.tensor1d([0, 0.3, 1, 0.5])), [normal([4], "logits", { scale: 2 })]);
      expect(Array.from(binaryCrossEntropy(tf.tensor1d([100, -100, -100]), tf.tensor1d([0, 1, 0])).dataSync())).toEqual([100, 100, 0]);
    });
  });
});
