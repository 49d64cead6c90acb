import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { loadBackend } from "../../../lib/backend/load.ts";
import { distance } from "../../../lib/tensor/norm.ts";
import { expectGradients, expectNoLeak, normal } from "./finite-difference.ts";

beforeAll(async () => void (await loadBackend()));

const shape = [2, 3, 4];

describe("distance", () => {
  it("is the 2-norm of a weighed difference, with its gradients", () => {
    tf.tidy(() => {
      expect(distance(tf.tensor1d([1, 2]), tf.tensor1d([4, 6])).dataSync()[0]).toBe(5);
      expect(distance(tf.tensor1d([1, 2]), tf.tensor1d([4, 6]), { weights: tf.tensor1d([1, 0]) }).dataSync()[0]).toBe(3);
      const weights = tf.abs(normal([2, 3, 1], "weights"));
      expectGradients((a, b) => distance(a, b), [normal(shape, "a"), normal(shape, "b")]);
      expectGradients((a, b) => distance(a, b, { weights }), [normal(shape, "a"), normal(shape, "b")]);
    });
  });

  it("has gradient 0 where the tensors are equal, or NaN as the root has it", () => {
    tf.tidy(() => {
      const x = normal(shape, "a");
      const slope = (atZero: "zero" | "nan") => Array.from(tf.grad((a: tf.Tensor) => distance(a, x, { atZero }))(tf.clone(x)).dataSync());
      expect(slope("zero")).toEqual(Array.from({ length: 24 }, () => 0));
      expect(slope("nan")).toEqual(Array.from({ length: 24 }, () => NaN));
    });
  });

  it("refuses different shapes and leaves nothing behind", () => {
    const [a, b] = [normal(shape, "a"), normal([2, 3, 5], "b")];
    expectNoLeak(() => expect(() => distance(a, b)).toThrow(/\[2, 3, 4\] and \[2, 3, 5\]/));
    expectNoLeak(() => {
      const { value, grads } = tf.valueAndGrads((x: tf.Tensor, y: tf.Tensor) => distance(x, y))([a, a]);
      tf.dispose([value, ...grads]);
    });
    tf.dispose([a, b]);
  });
});
