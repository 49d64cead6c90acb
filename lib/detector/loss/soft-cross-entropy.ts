import * as tf from "@tensorflow/tfjs-core";
import { differentiable } from "../../tensor/differentiable.ts";

/**
 * Cross entropy of each row with a distribution over its classes: −Σ_k t_k · log softmax(x)_k, as one node of the tape.
 * Gradient: (Σ t) · softmax(x) − t.
 * @param logits [n, K]
 * @param targets [n, K]; carries no gradient
 * @returns [n]
 */
export function softCrossEntropy(logits: tf.Tensor2D, targets: tf.Tensor2D): tf.Tensor1D {
  return differentiable<tf.Tensor1D>({
    inputs: { logits },
    forward: (save) => {
      const log = tf.logSoftmax(logits);
      save([log, targets]);
      return tf.neg<tf.Tensor1D>(tf.sum(tf.mul(targets, log), 1));
    },
    backward: (dy, { saved: [log, wanted] }) => ({
      logits: () => tf.mul(tf.sub(tf.mul(tf.exp(log), tf.sum(wanted, 1, true)), wanted), tf.expandDims(dy, 1)),
    }),
  });
}
