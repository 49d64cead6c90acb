import * as tf from "@tensorflow/tfjs-core";
import { differentiable } from "../../tensor/differentiable.ts";

/**
 * Σ weight · (softplus(x) − x·t): binary cross entropy of logits x with t of 0 or 1, as one node of the tape; gradient
 * weight · (σ(x) − t).
 * @param logits [n]
 */
export function sigmoidCrossEntropy(logits: tf.Tensor1D, { ones, weights }: { readonly ones: Float32Array; readonly weights: Float32Array }): tf.Scalar {
  return differentiable<tf.Scalar>({
    inputs: { logits },
    forward: (save) => {
      const [wanted, rows] = [tf.tensor1d(ones), tf.tensor1d(weights)];
      save([logits, wanted, rows]);
      return tf.sum(tf.mul(tf.sub(tf.softplus(logits), tf.mul(logits, wanted)), rows));
    },
    backward: (dy, { saved: [x, wanted, rows] }) => ({ logits: () => tf.mul(tf.sub(tf.sigmoid(x), wanted), tf.mul(rows, dy)) }),
  });
}
