import * as tf from "@tensorflow/tfjs-core";
import { expect } from "vitest";
import { random } from "../../../lib/tensor/random.ts";

/** A tensor of normal values from a named stream. */
export function normal(shape: readonly number[], key: string, { scale = 1, offset = 0 } = {}): tf.Tensor {
  const stream = random(7, "test", key);
  return tf.tensor(Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => offset + scale * stream.normal()), shape as number[]);
}

/**
 * Fails unless the gradients of Σ f(x)·r agree with central differences along random directions, for each input.
 * The sum is taken in double precision; the step balances curvature against single-precision rounding.
 */
export function expectGradients(f: (...inputs: tf.Tensor[]) => tf.Tensor, inputs: readonly tf.Tensor[], { step = 1e-2, tolerance = 5e-3, directions = 3 } = {}): void {
  tf.tidy(() => {
    const r = normal(f(...inputs).shape, "cotangent");
    const weights = r.dataSync();
    const value = (xs: readonly tf.Tensor[]) => tf.tidy(() => { const y = f(...xs).dataSync(); let sum = 0; for (let i = 0; i < y.length; i++) sum += y[i] * weights[i]; return [sum]; })[0];
    const gradients = tf.grads((...xs: tf.Tensor[]) => f(...xs))(inputs as tf.Tensor[], r);
    for (const [i, gradient] of gradients.entries()) {
      expect(gradient.shape).toEqual(inputs[i].shape);
      for (let d = 0; d < directions; d++) {
        const direction = normal(inputs[i].shape, `direction ${i} ${d}`);
        const shifted = (h: number) => value(inputs.map((x, k) => (k === i ? tf.add(x, tf.mul(direction, h)) : x)));
        const numeric = (shifted(step) - shifted(-step)) / (2 * step);
        const [analytic] = tf.sum(tf.mul(gradient, direction)).dataSync();
        const size = Math.sqrt(tf.sum(tf.square(gradient)).dataSync()[0]) + 1e-3;
        if (!(Math.abs(numeric - analytic) <= tolerance * size)) expect.fail(`input ${i}, direction ${d}: ${analytic} from the gradient, ${numeric} from differences (gradient's size ${size})`);
      }
    }
  });
}

/** Fails when `f` leaves tensors behind. */
export function expectNoLeak(f: () => void): void {
  const before = tf.memory().numTensors;
  f();
  expect(tf.memory().numTensors, "live tensors").toBe(before);
}
