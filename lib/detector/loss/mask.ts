import * as tf from "@tensorflow/tfjs-core";
import { differentiable } from "../../tensor/differentiable.ts";

/**
 * weight · mean of the binary cross entropy −t·log σ(x) − (1 − t)·log(1 − σ(x)) over all cells, as one node of the tape
 * (He et al. 2017, section 3: the map of a region's own class alone enters).
 * @param logits [n, S, S]
 * @param targets [n, S, S] in [0, 1]
 */
export function maskLoss(logits: tf.Tensor3D, targets: tf.Tensor3D, weight = 1): tf.Scalar {
  return differentiable<tf.Scalar>({
    inputs: { logits },
    forward: (save) => {
      save([logits, targets]);
      return tf.mul<tf.Scalar>(tf.mean(tf.sub(tf.softplus(logits), tf.mul(logits, targets))), weight);
    },
    backward: (dy, { saved: [x, t] }) => ({
      logits: () => tf.mul(tf.sub(tf.sigmoid(x), t), tf.mul(dy, weight / x.size)),
    }),
  });
}
