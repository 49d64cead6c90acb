import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { loadBackend } from "../../../../lib/backend/load.ts";
import { iouLoss, smoothL1, type IouLossOptions } from "../../../../lib/detector/loss/box.ts";
import { focalLoss } from "../../../../lib/detector/loss/focal.ts";
import { levelRows } from "../../../../lib/detector/loss/rows.ts";
import { expectGradients, normal } from "../../tensor/finite-difference.ts";

beforeAll(async () => { await loadBackend(); });

describe("focal loss", () => {
  const targets = () => ({
    weights: tf.tensor2d([1, 0.5, 0, 2], [4, 1]),
    positions: tf.tensor1d([1, 11], "int32"),
    positiveWeights: tf.tensor1d([1, 2]),
  });

  it.each([0, 1, 2, 1.5])("has the gradient of its value for γ = %f", (gamma) => {
    tf.tidy(() => expectGradients((x) => focalLoss(x as tf.Tensor2D, targets(), { alpha: 0.25, gamma }), [normal([4, 3], "logits", { scale: 2 })]));
  });

  it("is finite with a finite gradient for logits of ±100", () => {
    tf.tidy(() => {
      const logits = tf.tensor2d([100, -100, 0, -100, 100, 0, 1, 1, 1, 100, 100, -100], [4, 3]);
      const { value, grad } = tf.valueAndGrad((x: tf.Tensor) => focalLoss(x as tf.Tensor2D, targets(), { alpha: 0.25, gamma: 2 }))(logits);
      expect(Number.isFinite(value.dataSync()[0])).toBe(true);
      expect(Array.from(grad.dataSync()).every(Number.isFinite)).toBe(true);
    });
  });

  it("gives ignored rows neither loss nor gradient", () => {
    tf.tidy(() => {
      const gradient = tf.grad((x: tf.Tensor) => focalLoss(x as tf.Tensor2D, targets(), { alpha: 0.25, gamma: 2 }))(normal([4, 3], "logits"));
      expect(Array.from(gradient.dataSync().slice(6, 9)).map(Math.abs)).toEqual([0, 0, 0]);
    });
  });
});

describe("box losses", () => {
  const boxes = (key: string) => tf.tidy(() => {
    const corner = normal([6, 2], `${key} corner`);
    return tf.concat([corner, tf.add(corner, tf.add(tf.abs(normal([6, 2], `${key} size`)), 1.5))], 1);
  }) as tf.Tensor2D;

  it.each<IouLossOptions["kind"]>(["linear", "log", "giou", "diou"])("%s has the gradient of its value", (kind) => {
    tf.tidy(() => {
      const target = boxes("target");
      expectGradients((x) => iouLoss(x as tf.Tensor2D, target, { kind }), [boxes("prediction")], { step: 1e-3, tolerance: 1e-2 });
    });
  });

  it.each([0, 0.11, 1])("smooth L1 with β = %f has the gradient of its value", (beta) => {
    tf.tidy(() => {
      const [target, weights] = [normal([5, 4], "target") as tf.Tensor2D, tf.tensor2d([1, 0, 2, 0.5, 1], [5, 1])];
      expectGradients((x) => smoothL1(x as tf.Tensor2D, target, { weights, beta }), [normal([5, 4], "prediction")], { step: 1e-3, tolerance: 1e-2 });
    });
  });
});

describe("level rows", () => {
  it("go image by image, level by level, cell by cell, anchor by anchor, and back", () => {
    tf.tidy(() => {
      const levels = [tf.range(0, 24).reshape([2, 1, 2, 6]), tf.range(100, 112).reshape([2, 1, 1, 6])] as tf.Tensor4D[];
      const rows = levelRows(levels, 3);
      expect(rows.arraySync().map((row) => row[0])).toEqual([0, 3, 6, 9, 100, 103, 12, 15, 18, 21, 106, 109]);
      expectGradients((a, b) => levelRows([a, b] as tf.Tensor4D[], 3), [normal([2, 3, 2, 6], "a"), normal([2, 1, 1, 6], "b")]);
    });
  });
});
