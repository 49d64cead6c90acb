import * as tf from "@tensorflow/tfjs-core";
import { differentiable } from "../tensor/differentiable.ts";

/** `mean` over all entries, or `sum` over an image's entries, averaged over the batch (as FGD and MGD divide). */
export type SquaredErrorReduction = "mean" | "sum";

/**
 * Σ (a − b)² / n of two maps of one shape [B, …], n being all entries (`mean`) or the images (`sum`), differentiable in both.
 * One node of the tape that keeps nothing but its arguments.
 * @throws Error on different shapes
 */
export function squaredError(a: tf.Tensor, b: tf.Tensor, reduction: SquaredErrorReduction = "mean"): tf.Scalar {
  if (a.shape.join() !== b.shape.join()) throw new Error(`maps [${a.shape.join(", ")}] and [${b.shape.join(", ")}] cannot be compared: their shapes must be equal`);
  const scale = 1 / (reduction === "mean" ? a.size : a.shape[0]);
  return differentiable<tf.Scalar>({
    inputs: { a, b },
    forward: (save) => {
      save([a, b]);
      return tf.tidy(() => tf.mul<tf.Scalar>(tf.sum(tf.square(tf.sub(a, b))), scale));
    },
    backward: (dy, { saved: [x, y], share }) => {
      const slope = share(() => tf.mul(tf.sub(x, y), tf.mul(dy, 2 * scale)));
      return { a: () => tf.clone(slope()), b: () => tf.neg(slope()) };
    },
  });
}
