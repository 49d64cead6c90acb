import * as tf from "@tensorflow/tfjs-core";
import { qualitySlope, qualityTerm } from "../detector/loss/quality-focal.ts";
import { differentiable } from "../tensor/differentiable.ts";

export interface KdQualityFocalOptions {
  /** Exponent β of the focal weight: 0, or from 1. */
  readonly beta: number;
  /** [n] of the rows. Default 1. */
  readonly weights?: tf.Tensor1D;
  /** What the sum is divided by. Default the number of entries. */
  readonly divisor?: number;
}

/**
 * Σ w · |σ(x) − t|^β · BCE(x, t) / divisor with t the teacher's probability, as one node of the tape; the focal weight
 * carries gradient, too.
 * @param logits [n, K], differentiated
 * @param targets [n, K] probabilities, constants
 */
export function kdQualityFocal(logits: tf.Tensor2D, targets: tf.Tensor2D, { beta, weights, divisor = logits.size }: KdQualityFocalOptions): tf.Scalar {
  const scaled = (values: tf.Tensor, rows: tf.Tensor | undefined): tf.Tensor => (rows === undefined ? values : tf.mul(values, tf.expandDims(rows, 1)));
  return differentiable<tf.Scalar>({
    inputs: { logits },
    forward: (save) => {
      save([logits, targets, ...(weights ? [weights] : [])]);
      return tf.div(tf.sum(scaled(qualityTerm(logits, targets, beta), weights)), divisor);
    },
    backward: (dy, { saved: [x, t, rows] }) => ({ logits: () => tf.mul(scaled(qualitySlope(x, t, beta), rows), tf.div(dy, divisor)) }),
  });
}

/** A map's statistics by channel, over batch and cells: [C] each. */
export interface Scale {
  readonly mean: tf.Tensor1D;
  /** Unbiased; 0 of a single value. */
  readonly deviation: tf.Tensor1D;
}

const cells = [0, 1, 2];

export function scaleOf(map: tf.Tensor4D): Scale {
  const mean = tf.mean<tf.Tensor1D>(map, cells);
  const values = map.size / map.shape[3];
  const deviation = tf.sqrt<tf.Tensor1D>(tf.div(tf.sum(tf.squaredDifference(map, mean), cells), Math.max(values - 1, 1)));
  return { mean, deviation };
}

/**
 * The map with another's statistics: (x − μ) / (σ + 1e-6) · σ' + μ', by channel over batch and cells, as one node of the tape.
 *
 * With z = (x − μ) / (σ + ε), g = dy · σ' and n values per channel:
 * dx = (g − ⟨g⟩ − z · Σ g·z · (σ + ε) / σ / (n − 1)) / (σ + ε); a channel without deviation keeps g − ⟨g⟩ out, dx = 0.
 */
export function alignScale(map: tf.Tensor4D, { mean, deviation }: Scale): tf.Tensor4D {
  const values = map.size / map.shape[3];
  return differentiable<tf.Tensor4D>({
    inputs: { map },
    forward: (save) => {
      const own = scaleOf(map);
      const divisor = tf.add(own.deviation, 1e-6);
      const z = tf.div(tf.sub(map, own.mean), divisor);
      save([z, own.deviation, divisor, deviation]);
      return tf.add<tf.Tensor4D>(tf.mul(z, deviation), mean);
    },
    backward: (dy, { saved: [z, own, divisor, wanted] }) => ({
      map: () => {
        const g = tf.mul(dy, wanted);
        const along = tf.div(tf.mul(tf.sum(tf.mul(g, z), cells), tf.divNoNan(divisor, own)), Math.max(values - 1, 1));
        const rest = tf.sub(tf.sub(g, tf.mean(g, cells)), tf.mul(z, along));
        return tf.mul(rest, tf.div(tf.step(own), divisor));
      },
    }),
  });
}
