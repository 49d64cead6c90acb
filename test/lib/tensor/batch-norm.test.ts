import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { loadBackend } from "../../../lib/backend/load.ts";
import { batchNorm, batchNormTraining } from "../../../lib/tensor/batch-norm.ts";
import { expectGradients, expectNoLeak, normal } from "./finite-difference.ts";

beforeAll(async () => void (await loadBackend()));

const shape = [3, 4, 5, 6];
const make = () => ({ x: normal(shape, "x", { scale: 2, offset: 1 }) as tf.Tensor4D, gamma: normal([6], "gamma", { offset: 1 }) as tf.Tensor1D, beta: normal([6], "beta") as tf.Tensor1D });

describe("batchNormTraining", () => {
  it("says what BatchNorm with running statistics says in training", () => {
    tf.tidy(() => {
      const { x, gamma, beta } = make();
      const { y } = batchNorm(x, { gamma, beta, mean: tf.zeros([6]), variance: tf.ones([6]) });
      const own = batchNormTraining(x, { gamma, beta });
      expect(tf.max(tf.abs(tf.sub(y, own))).dataSync()[0]).toBeLessThan(1e-5);
      expect(tf.max(tf.abs(tf.sub(tf.relu(y), batchNormTraining(x, { gamma, beta, relu: true })))).dataSync()[0]).toBeLessThan(1e-5);
    });
  });

  it.each([false, true])("has the gradients of finite differences (relu %s)", (relu) => {
    const { x, gamma, beta } = make();
    expectGradients((a, b, c) => batchNormTraining(a as tf.Tensor4D, { gamma: b as tf.Tensor1D, beta: c as tf.Tensor1D, relu }), [x, gamma, beta], { step: relu ? 2e-3 : 1e-2, tolerance: relu ? 2e-2 : 5e-3 });
    tf.dispose([x, gamma, beta]);
  });

  it("makes 0 of a value alone in its channel, with gradient 0, and leaks nothing", () => {
    expectNoLeak(() => tf.tidy(() => {
      const beta = tf.tensor1d([0.5]);
      const f = (x: tf.Tensor) => batchNormTraining(x as tf.Tensor4D, { gamma: tf.tensor1d([2]), beta });
      const { value, grad } = tf.valueAndGrad((x: tf.Tensor) => tf.sum(f(x)))(tf.tensor4d([7], [1, 1, 1, 1]));
      expect([value.dataSync()[0], grad.dataSync()[0]]).toEqual([0.5, 0]);
    }));
  });
});
