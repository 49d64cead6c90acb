import * as tf from "@tensorflow/tfjs-core";
import { differentiable } from "./differentiable.ts";

export interface DistanceOptions {
  /** Weights of the squares, broadcast to the tensors' shape; constants. Default 1. */
  readonly weights?: tf.Tensor;
  /** The gradient where the distance is 0: 0 (default), or NaN as the root's own derivative gives. */
  readonly atZero?: "zero" | "nan";
}

/**
 * The 2-norm of all of a − b: √Σ w·(a − b)², one node of the tape that keeps one tensor of their size. Gradient
 * w·(a − b) / distance.
 */
export function distance(a: tf.Tensor, b: tf.Tensor, { weights, atZero = "zero" }: DistanceOptions = {}): tf.Scalar {
  if (a.shape.join() !== b.shape.join()) throw new Error(`distance of tensors [${a.shape.join(", ")}] and [${b.shape.join(", ")}]: their shapes must be equal`);
  return differentiable<tf.Scalar>({
    inputs: { a, b },
    forward: (save) => {
      const apart = tf.sub(a, b);
      const weighed = weights === undefined ? apart : tf.mul(apart, weights);
      const value = tf.sqrt<tf.Scalar>(tf.sum(tf.mul(weighed, apart)));
      save([weighed, value]);
      return value;
    },
    backward: (dy, { saved: [weighed, value] }) => {
      const slope = () => (atZero === "zero" ? tf.divNoNan(dy, value) : tf.div(dy, value));
      return { a: () => tf.mul(weighed, slope()), b: () => tf.mul(weighed, tf.neg(slope())) };
    },
  });
}
