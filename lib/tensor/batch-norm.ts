import * as tf from "@tensorflow/tfjs-core";
import { hasRawOps } from "../backend/ops.ts";
import { differentiable } from "./differentiable.ts";
import { rawMean } from "./raw.ts";
import { stopGradient } from "./stop-gradient.ts";

/** BatchNorm's parameters and running statistics, [C] each. */
export interface BatchNormParameters {
  readonly gamma: tf.Tensor1D;
  readonly beta: tf.Tensor1D;
  readonly mean: tf.Tensor1D;
  readonly variance: tf.Tensor1D;
}

/** BatchNorm with fixed statistics as x · scale + bias: scale = γ / √(σ² + ε), bias = β − μ · scale. */
export function foldBatchNorm({ gamma, beta, mean, variance }: BatchNormParameters, epsilon = 1e-5): { scale: tf.Tensor1D; bias: tf.Tensor1D } {
  const scale: tf.Tensor1D = tf.mul(gamma, tf.rsqrt(tf.add(variance, epsilon)));
  return { scale, bias: tf.sub(beta, tf.mul(mean, scale)) };
}

/**
 * BatchNorm over the batch's own statistics (Ioffe & Szegedy 2015, algorithm 1), biased variance.
 * @param x [B, H, W, C]
 * @returns the output and the running statistics after the step: (1 − momentum) · old + momentum · new, with the
 * unbiased variance (PyTorch's convention)
 */
export function batchNorm(x: tf.Tensor4D, { gamma, beta, mean, variance }: BatchNormParameters, { epsilon = 1e-5, momentum = 0.1 } = {}): { y: tf.Tensor4D; mean: tf.Tensor1D; variance: tf.Tensor1D } {
  const count = x.size / x.shape[3];
  const moments = tf.moments(x, [0, 1, 2]);
  const { scale, bias } = foldBatchNorm({ gamma, beta, mean: moments.mean as tf.Tensor1D, variance: moments.variance as tf.Tensor1D }, epsilon);
  const blend = (old: tf.Tensor1D, now: tf.Tensor) => tf.add<tf.Tensor1D>(tf.mul(old, 1 - momentum), tf.mul(now, momentum));
  return {
    y: tf.add(tf.mul(x, scale), bias),
    mean: blend(mean, moments.mean),
    variance: blend(variance, tf.mul(moments.variance, count / (count - 1))),
  };
}

export interface BatchNormTrainingOptions {
  /** [C] multiplies. */
  readonly gamma: tf.Tensor1D;
  /** [C] is added. */
  readonly beta: tf.Tensor1D;
  /** Default 1e-5. */
  readonly epsilon?: number;
  /** max(·, 0) at the end. Default false. */
  readonly relu?: boolean;
}

/**
 * BatchNorm over the batch's own statistics (biased variance) as one node of the tape, for layers that are only ever
 * trained (adapters): no running statistics are kept.
 *
 * With z = (x − μ) / √(σ² + ε) and g = dy (where y > 0 with `relu`), sums Σ and means ⟨·⟩ over batch and cells:
 * dx = γ · (g − ⟨g⟩ − z·⟨g·z⟩) / √(σ² + ε), dγ = Σ g·z, dβ = Σ g.
 * @param x [B, H, W, C]; one value per channel has z = 0 and dx = 0
 */
export function batchNormTraining(x: tf.Tensor4D, { gamma, beta, epsilon = 1e-5, relu = false }: BatchNormTrainingOptions): tf.Tensor4D {
  return differentiable<tf.Tensor4D>({
    inputs: { x, gamma, beta },
    forward: (save) => {
      const centred = tf.sub(x, meanOverCells(x));
      const inverse = tf.rsqrt(tf.add(meanOverCells(tf.square(centred)), epsilon));
      const z = tf.mul(centred, inverse);
      const affine = tf.add<tf.Tensor4D>(tf.mul(z, gamma), beta);
      const y = relu ? tf.relu(affine) : affine;
      save([z, inverse, gamma, ...(relu ? [y] : [])]);
      return y;
    },
    backward: (dy, { saved: [z, inverse, scale, y], share }) => {
      const g = y === undefined ? () => dy : share(() => tf.mul(dy, tf.step(y)));
      const along = share(() => tf.sum(tf.mul(g(), z), cells));
      const total = share(() => tf.sum(g(), cells));
      const count = z.size / z.shape[3]!;
      return {
        x: () => tf.mul(tf.sub(tf.sub(g(), tf.div(total(), count)), tf.mul(z, tf.div(along(), count))), tf.mul(inverse, scale)),
        gamma: () => stopGradient(along()),
        beta: () => stopGradient(total()),
      };
    },
  });
}

const cells = [0, 1, 2];

function meanOverCells(x: tf.Tensor): tf.Tensor {
  return hasRawOps() ? rawMean(x, cells) : tf.mean(x, cells, true);
}
