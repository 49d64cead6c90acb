import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadBackend } from "../../../lib/backend/load.ts";
import { batchNorm, batchNormTraining, type BatchNormOptions } from "../../../lib/tensor/batch-norm.ts";
import { gradients } from "../../../lib/train/gradients.ts";
import { expectClose } from "../../close.ts";
import { expectGradients, expectNoLeak, normal } from "./finite-difference.ts";

beforeAll(async () => {
  await loadBackend();
  await import("@tensorflow/tfjs-backend-cpu");
});

const vector = (key: string, offset = 0) => normal([6], key, { offset, scale: 0.5 }) as tf.Tensor1D;
const make = () => [normal([3, 4, 5, 6], "x", { scale: 2, offset: 1 }) as tf.Tensor4D, vector("gamma", 1), vector("beta")] as const;
const norm = (options: BatchNormOptions = {}) => (x: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor) => batchNormTraining(x as tf.Tensor4D, { gamma: gamma as tf.Tensor1D, beta: beta as tf.Tensor1D, ...options });

describe.each(["native", "portable"])("BatchNorm by the batch's statistics, %s", (kind) => {
  let own = "";
  beforeAll(async () => {
    own = tf.getBackend();
    if (kind === "portable") await tf.setBackend("cpu");
  });
  afterAll(async () => void (await tf.setBackend(own)));

  it("has mean β and deviation γ in each channel, whatever the map's own", () => {
    tf.tidy(() => {
      const [x, gamma, beta] = make();
      const { mean, variance } = tf.moments(norm()(x, gamma, beta), [0, 1, 2]);
      expectClose(mean.dataSync(), beta.dataSync(), { absolute: 1e-5 });
      expectClose(tf.sqrt(variance).dataSync(), tf.abs(gamma).dataSync(), { relative: 1e-4 });
    });
  });

  it("has the gradients of x, γ and β, with and without ReLU", () => {
    tf.tidy(() => {
      expectGradients(norm(), make());
      expectGradients(norm({ epsilon: 0.5 }), make());
      const [x, gamma, beta] = make();
      expectGradients(norm({ relu: true }), [x, gamma, tf.add(beta, 1)], { step: 1e-3, tolerance: 2e-2 });
    });
  });

  it("blends the running statistics with the batch's mean and unbiased variance, and says what training alone says", () => {
    tf.tidy(() => {
      const [x, gamma, beta] = make();
      const old = { mean: vector("mean"), variance: tf.abs(vector("variance", 2)) };
      const step = batchNorm(x, { gamma, beta, ...old }, { momentum: 0.25, relu: true });
      const { mean, variance } = tf.moments(x, [0, 1, 2]);
      expectClose(step.mean.dataSync(), tf.add(tf.mul(old.mean, 0.75), tf.mul(mean, 0.25)).dataSync(), { relative: 1e-5, absolute: 1e-6 });
      expectClose(step.variance.dataSync(), tf.add(tf.mul(old.variance, 0.75), tf.mul(variance, 0.25 * 60 / 59)).dataSync(), { relative: 1e-5, absolute: 1e-6 });
      expectClose(step.y.dataSync(), norm({ relu: true })(x, gamma, beta).dataSync(), { absolute: 0 });
    });
  });

  it("makes β of a value alone in its channel, with gradient 0, and keeps the old variance", () => {
    tf.tidy(() => {
      const [gamma, beta] = [tf.tensor1d([2]), tf.tensor1d([0.5])];
      const x = tf.tensor4d([7], [1, 1, 1, 1]);
      const { value, grad } = tf.valueAndGrad((map: tf.Tensor) => tf.sum(norm()(map, gamma, beta)))(x);
      expect([value.dataSync()[0], grad.dataSync()[0]]).toEqual([0.5, 0]);
      const step = batchNorm(x, { gamma, beta, mean: tf.tensor1d([0]), variance: tf.tensor1d([3]) });
      expectClose([step.mean.dataSync()[0], step.variance.dataSync()[0]], [0.7, 3], { relative: 1e-6 });
    });
  });

  it("leaves no tensor behind with the library's gradients, whichever of its inputs is a variable", () => {
    const variables = tf.tidy(() => [...make()].map((start: tf.Tensor) => tf.variable(start)));
    for (const chosen of [[0], [1], [2], [0, 1, 2]]) {
      expectNoLeak(() => {
        const { values, gradients: slopes } = gradients(() => {
          const loss: tf.Scalar = tf.sum(tf.square(norm({ relu: true })(variables[0], variables[1], variables[2])));
          return { loss, values: tf.stack([loss]) as tf.Tensor1D };
        }, chosen.map((i) => variables[i]));
        expect(slopes.every((slope) => slope !== null)).toBe(true);
        tf.dispose([values, ...slopes.map((slope) => slope!)]);
      });
    }
    tf.dispose(variables);
  });
});
