import * as tf from "@tensorflow/tfjs-core";
import { differentiable } from "../../tensor/differentiable.ts";
import { focalSlope, focalTerm, type FocalTargets } from "./focal.ts";

export interface QualityFocalTargets extends FocalTargets {
  /** [P] what each positive should score: its box's IoU with the object, in [0, 1]. Carries no gradient. */
  readonly qualities: tf.Tensor1D;
}

/**
 * Sum over all entries of weight · QFL (Li et al. 2020, eq. 5): |y − p|^β · BCE(p, y) with p = σ(x), y the quality at a
 * positive's label and 0 everywhere else. As in `focalLoss`, every entry is first taken as y = 0 and the positives are then
 * corrected; the modulating factor carries gradient.
 * @param logits [N, K]
 */
export function qualityFocalLoss(logits: tf.Tensor2D, targets: QualityFocalTargets, { beta }: { readonly beta: number }): tf.Scalar {
  return differentiable<tf.Scalar>({
    inputs: { logits },
    forward: (save) => {
      const { weights, positions, positiveWeights, qualities } = targets;
      save([logits, weights, positions, positiveWeights, qualities]);
      const negative = tf.sum(tf.mul(focalTerm(logits, 1, beta), weights));
      const x = tf.gather(tf.reshape<tf.Rank.R1>(logits, [-1]), positions);
      const change = tf.sub(qualityTerm(x, qualities, beta), focalTerm(x, 1, beta));
      return tf.add(negative, tf.sum(tf.mul(change, positiveWeights)));
    },
    backward: (dy, { saved }) => ({ logits: () => qualityGradient(saved as Saved, beta, dy) }),
  });
}

type Saved = [tf.Tensor2D, tf.Tensor2D, tf.Tensor1D, tf.Tensor1D, tf.Tensor1D];

function qualityGradient([logits, weights, positions, positiveWeights, qualities]: Saved, beta: number, dy: tf.Scalar): tf.Tensor2D {
  const flat = tf.reshape(tf.mul(focalSlope(logits, 1, beta), tf.mul(weights, dy)), [-1]);
  const x = tf.gather(tf.reshape<tf.Rank.R1>(logits, [-1]), positions);
  const change = tf.sub(qualitySlope(x, qualities, beta), focalSlope(x, 1, beta));
  const corrected = tf.add(tf.gather(flat, positions), tf.mul(change, tf.mul(positiveWeights, dy)));
  return tf.reshape(tf.tensorScatterUpdate(flat, tf.reshape(positions, [-1, 1]), corrected), logits.shape);
}

/** |y − p|^β · (softplus(x) − x·y) */
export function qualityTerm(x: tf.Tensor, y: tf.Tensor, beta: number): tf.Tensor {
  return tf.mul(tf.pow(tf.abs(tf.sub(tf.sigmoid(x), y)), beta), tf.sub(tf.softplus(x), tf.mul(x, y)));
}

/** |d|^β · d + β · |d|^(β−1) · sign(d) · p·(1 − p) · (softplus(x) − x·y) with d = p − y */
export function qualitySlope(x: tf.Tensor, y: tf.Tensor, beta: number): tf.Tensor {
  const p = tf.sigmoid(x);
  const d = tf.sub(p, y);
  const size = tf.abs(d);
  const own = tf.mul(tf.pow(size, beta), d);
  if (beta === 0) return own;
  const entropy = tf.sub(tf.softplus(x), tf.mul(x, y));
  const modulation = tf.mul(tf.mul(tf.pow(size, beta - 1), tf.sign(d)), tf.mul(p, tf.sub(1, p)));
  return tf.add(own, tf.mul(tf.mul(modulation, beta), entropy));
}
