import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { loadBackend } from "../../../lib/backend/load.ts";
import { relationLoss } from "../../../lib/distill/relation.ts";
import { expectGradients, expectNoLeak, normal } from "../tensor/finite-difference.ts";

beforeAll(async () => void (await loadBackend()));

const rows = (key: string, count = 5) => normal([count, 7], key) as tf.Tensor2D;

describe("relationLoss", () => {
  it("compares distances in units of their mean", () => {
    tf.tidy(() => {
      // Distances 1, 2, 3 (mean 2) against 1, 1, √2: ratios ½, 1, 1.5 against 1/m, 1/m, √2/m.
      const line = tf.tensor2d([[0, 0], [1, 0], [3, 0]]);
      const corner = tf.tensor2d([[0, 0], [1, 0], [0, 1]]);
      const m = (2 + Math.SQRT2) / 3;
      const wanted = (0.5 * ((0.5 - 1 / m) ** 2 + (1.5 - 1 / m) ** 2 + (1 - Math.SQRT2 / m) ** 2)) / 3;
      expect(relationLoss(line, corner).dataSync()[0]).toBeCloseTo(wanted, 6);
    });
  });

  it("has the gradient of finite differences, also where differences are straight", () => {
    tf.tidy(() => {
      const wanted = rows("teacher");
      expectGradients((x) => relationLoss(x as tf.Tensor2D, wanted), [rows("student")], { step: 1e-2 });
      const far = tf.concat2d([tf.mul(rows("teacher", 6), 0.05), tf.fill([1, 7], 9)], 0);
      expectGradients((x) => relationLoss(x as tf.Tensor2D, far), [rows("student", 7)], { step: 1e-2 });
    });
  });

  it("knows no scale, no shift, and no difference where there is none", () => {
    tf.tidy(() => {
      const [x, y] = [rows("student"), rows("teacher")];
      const value = (a: tf.Tensor2D) => relationLoss(a, y).dataSync()[0];
      expect(value(tf.add(tf.mul(x, 3), 2))).toBeCloseTo(value(x), 5);
      const { value: zero, grad } = tf.valueAndGrad((a: tf.Tensor) => relationLoss(a as tf.Tensor2D, y))(tf.clone(y));
      expect(zero.dataSync()[0]).toBe(0);
      expect(Math.max(...tf.abs(grad).dataSync())).toBe(0);
    });
  });

  it("is 0 for fewer than three rows, and finite with its gradient where rows are equal", () => {
    tf.tidy(() => {
      expect(relationLoss(rows("student", 2), rows("teacher", 2)).dataSync()[0]).toBe(0);
      for (const same of [tf.zeros([4, 7]), tf.concat([rows("student", 2), rows("student", 2)], 0)] as tf.Tensor2D[]) {
        const { value, grad } = tf.valueAndGrad((a: tf.Tensor) => relationLoss(a as tf.Tensor2D, rows("teacher", 4)))(same);
        expect([...value.dataSync(), ...grad.dataSync()].every(Number.isFinite)).toBe(true);
      }
    });
  });

  it("leaves nothing behind", () => {
    const [x, y] = [rows("student"), rows("teacher")];
    expectNoLeak(() => {
      const { value, grad } = tf.valueAndGrad((a: tf.Tensor) => relationLoss(a as tf.Tensor2D, y))(x);
      tf.dispose([value, grad]);
    });
    tf.dispose([x, y]);
  });
});
