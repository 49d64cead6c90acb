import * as tf from "@tensorflow/tfjs-core";
import { differentiable } from "../../tensor/differentiable.ts";
import { softCrossEntropy } from "./soft-cross-entropy.ts";

/**
 * Distribution focal loss (Li et al. 2020, "Generalized Focal Loss", eq. 6) of each row: the cross entropy with a
 * distribution over the two bins around the target, each weighted by the distance to the other.
 * @param logits [n, bins]
 * @param targets [n] in [0, bins − 1)
 * @returns [n]
 */
export function distributionFocalLoss(logits: tf.Tensor2D, targets: ArrayLike<number>): tf.Tensor1D {
  const [rows, bins] = logits.shape;
  if (targets.length !== rows) throw new Error(`distribution focal loss: ${targets.length} targets for ${rows} rows of logits; one is needed per row`);
  return softCrossEntropy(logits, tf.tensor2d(twoBins(targets, bins), [rows, bins]));
}

/** [n, bins]: 1 shared by the bins below and above each target. */
function twoBins(targets: ArrayLike<number>, bins: number): Float32Array {
  const out = new Float32Array(targets.length * bins);
  for (let i = 0; i < targets.length; i++) {
    const low = Math.floor(targets[i]);
    if (!(low >= 0 && low + 1 < bins)) throw new Error(`distribution focal loss: target ${targets[i]} in row ${i}; allowed are 0 to below ${bins - 1}`);
    out[i * bins + low] = low + 1 - targets[i];
    out[i * bins + low + 1] = targets[i] - low;
  }
  return out;
}

/**
 * Expectation of the bins 0, 1, …, n − 1 under the softmax of each row (Generalized Focal Loss, eq. 4), as one node of
 * the tape: y = Σ i·p_i; dx_i = p_i · (i − y) · dy.
 * @param logits [n, bins]
 * @returns [n]
 */
export function expectation(logits: tf.Tensor2D): tf.Tensor1D {
  const bins = logits.shape[1];
  return differentiable<tf.Tensor1D>({
    inputs: { logits },
    forward: (save) => {
      const p = tf.softmax(logits);
      const y = tf.sum<tf.Tensor1D>(tf.mul(p, tf.range(0, bins)), 1);
      save([p, y]);
      return y;
    },
    backward: (dy, { saved: [p, y] }) => ({
      logits: () => tf.mul(tf.mul(p, tf.sub(tf.range(0, bins), tf.expandDims(y, 1))), tf.expandDims(dy, 1)),
    }),
  });
}

/** `expectation` on the host, of one row that starts at `offset`. */
export function expectedBin(logits: Float32Array, offset: number, bins: number): number {
  let top = -Infinity;
  for (let i = 0; i < bins; i++) top = Math.max(top, logits[offset + i]);
  let [sum, weighted] = [0, 0];
  for (let i = 0; i < bins; i++) {
    const e = Math.exp(logits[offset + i] - top);
    sum += e;
    weighted += i * e;
  }
  return weighted / sum;
}
