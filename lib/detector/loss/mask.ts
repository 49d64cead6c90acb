import * as tf from "@tensorflow/tfjs-core";
import { binaryCrossEntropy } from "./binary-cross-entropy.ts";

/**
 * weight · mean of the binary cross entropy over all cells (He et al. 2017, section 3: the map of a region's own class alone
 * enters).
 * @param logits [n, S, S]
 * @param targets [n, S, S] in [0, 1]
 */
export function maskLoss(logits: tf.Tensor3D, targets: tf.Tensor3D, weight = 1): tf.Scalar {
  return tf.mul<tf.Scalar>(tf.mean(binaryCrossEntropy(logits, targets)), weight);
}
