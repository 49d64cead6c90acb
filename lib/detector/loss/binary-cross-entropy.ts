import * as tf from "@tensorflow/tfjs-core";
import { differentiable } from "../../tensor/differentiable.ts";

/**
 * Binary cross entropy of each logit with a probability: softplus(x) − x·t, as one node of the tape; gradient σ(x) − t.
 * @param targets of the same shape, in [0, 1]; carries no gradient
 */
export function binaryCrossEntropy<T extends tf.Tensor>(logits: T, targets: T): T {
  return differentiable<T>({
    inputs: { logits },
    forward: (save) => {
      save([logits, targets]);
      return tf.sub<T>(tf.softplus(logits), tf.mul(logits, targets));
    },
    backward: (dy, { saved: [x, wanted] }) => ({ logits: () => tf.mul(tf.sub(tf.sigmoid(x), wanted), dy) }),
  });
}
