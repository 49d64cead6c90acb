import * as tf from "@tensorflow/tfjs-core";
import { differentiable } from "../../tensor/differentiable.ts";

export interface FocalOptions {
  /** Weight of positives; negatives have 1 − α. */
  readonly alpha: number;
  readonly gamma: number;
}

/** What the classifier should say, sparsely: almost every entry of the one-hot target is 0. */
export interface FocalTargets {
  /** [N, 1] weight of each row: 0 ignores it, and normalisers that are known beforehand go in here. */
  readonly weights: tf.Tensor2D;
  /** [P] flat positions (row · K + label) of the ones in the target [N, K]. */
  readonly positions: tf.Tensor1D;
  /** [P] their rows' weights. */
  readonly positiveWeights: tf.Tensor1D;
}

/**
 * Sum over all entries of weight · FL (Lin et al. 2017, eq. 5): α_t·(1 − p_t)^γ·(−log p_t), with the gradient in closed form.
 *
 * Every entry is first taken as negative; the few positives are then corrected. With p = σ(x), s = softplus(x):
 * negative: (1 − α)·p^γ·s, derivative (1 − α)·p^γ·(γ·(1 − p)·s + p); positive: the same of −x, α for 1 − α, derivative negated.
 * @param logits [N, K]
 */
export function focalLoss(logits: tf.Tensor2D, targets: FocalTargets, options: FocalOptions): tf.Scalar {
  return differentiable<tf.Scalar>({
    inputs: { logits },
    forward: (save) => {
      save([logits, targets.weights, targets.positions, targets.positiveWeights]);
      const negative = tf.sum(tf.mul(focalTerm(logits, 1 - options.alpha, options.gamma), targets.weights));
      return tf.add(negative, tf.sum(tf.mul(correction(logits, targets.positions, options, focalDifference), targets.positiveWeights)));
    },
    backward: (dy, { saved }) => ({ logits: () => focalGradient(saved as Saved, options, dy) }),
  });
}

type Saved = [tf.Tensor2D, tf.Tensor2D, tf.Tensor1D, tf.Tensor1D];

function focalGradient([logits, weights, positions, positiveWeights]: Saved, options: FocalOptions, dy: tf.Scalar): tf.Tensor2D {
  const base = tf.mul<tf.Tensor2D>(focalSlope(logits, 1 - options.alpha, options.gamma), tf.mul(weights, dy));
  const change = tf.mul<tf.Tensor1D>(correction(logits, positions, options, slopeDifference), tf.mul(positiveWeights, dy));
  const flat = tf.reshape(base, [-1]);
  const corrected = tf.add(tf.gather(flat, positions), change);
  return tf.reshape(tf.tensorScatterUpdate(flat, tf.reshape(positions, [-1, 1]), corrected), logits.shape);
}

function correction(logits: tf.Tensor2D, positions: tf.Tensor1D, options: FocalOptions, of: (x: tf.Tensor, options: FocalOptions) => tf.Tensor): tf.Tensor {
  return of(tf.gather(tf.reshape(logits, [-1]), positions), options);
}

function focalDifference(x: tf.Tensor, { alpha, gamma }: FocalOptions): tf.Tensor {
  return tf.sub(focalTerm(tf.neg(x), alpha, gamma), focalTerm(x, 1 - alpha, gamma));
}

function slopeDifference(x: tf.Tensor, { alpha, gamma }: FocalOptions): tf.Tensor {
  return tf.neg(tf.add(focalSlope(tf.neg(x), alpha, gamma), focalSlope(x, 1 - alpha, gamma)));
}

/** factor · σ(x)^γ · softplus(x) */
export function focalTerm(x: tf.Tensor, factor: number, gamma: number): tf.Tensor {
  return tf.mul(modulation(tf.sigmoid(x), gamma, factor), tf.softplus(x));
}

/** factor · p^γ · (γ·(1 − p)·softplus(x) + p) */
export function focalSlope(x: tf.Tensor, factor: number, gamma: number): tf.Tensor {
  const p = tf.sigmoid(x);
  const inner = tf.add(tf.mul(tf.mul(tf.sub(1, p), gamma), tf.softplus(x)), p);
  return tf.mul(modulation(p, gamma, factor), inner);
}

function modulation(p: tf.Tensor, gamma: number, factor: number): tf.Tensor {
  if (gamma === 0) return tf.fill(p.shape, factor);
  return tf.mul(gamma === 1 ? p : gamma === 2 ? tf.square(p) : tf.pow(p, gamma), factor);
}
