import * as tf from "@tensorflow/tfjs-core";
import { random } from "../../../lib/tensor/random.ts";

/** Normal values from a named stream. */
export function normal(name: string, shape: number[], scale = 1): tf.Tensor {
  const stream = random("test", name);
  return tf.tensor(Float32Array.from({ length: tf.util.sizeFromShape(shape) }, () => scale * stream.normal()), shape);
}

/**
 * Relative disagreement between a gradient and central differences of the loss along it, extrapolated from two steps;
 * `step` is the length moved in units of x.
 */
export function gradientError(loss: (x: tf.Tensor) => tf.Scalar, x: tf.Tensor, step: number): number {
  return tf.tidy(() => {
    const gradient = tf.grad((z) => loss(z))(x);
    const norm = tf.norm(gradient).dataSync()[0];
    const direction = tf.div(gradient, norm);
    const at = (h: number) => loss(tf.add(x, tf.mul(direction, h))).dataSync()[0];
    const central = (h: number) => (at(h) - at(-h)) / (2 * h);
    const slope = (4 * central(step) - central(2 * step)) / 3;
    return Math.abs(slope - norm) / norm;
  });
}

/** A fixed weighing that turns any tensor into a scalar with a generic gradient. */
export function weighed(y: tf.Tensor): tf.Scalar {
  return tf.sum(tf.mul(y, normal("weights", y.shape)));
}
