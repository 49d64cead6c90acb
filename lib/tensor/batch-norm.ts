import * as tf from "@tensorflow/tfjs-core";
import { attribute, hasRawOps, rawOp } from "../backend/ops.ts";
import { differentiable } from "./differentiable.ts";
import { float, runFloat, type Attributes } from "./raw.ts";
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

export interface BatchNormOptions {
  /** Default 1e-5. */
  readonly epsilon?: number;
  /** max(·, 0) at the end. Default false. */
  readonly relu?: boolean;
}

export interface BatchNormTrainingOptions extends BatchNormOptions {
  /** [C] multiplies. */
  readonly gamma: tf.Tensor1D;
  /** [C] is added. */
  readonly beta: tf.Tensor1D;
}

/** A map by its batch's statistics, and these: [C] each, the variance unbiased, no gradient. */
interface Normed {
  readonly y: tf.Tensor4D;
  readonly mean: tf.Tensor1D;
  readonly variance: tf.Tensor1D;
}

/**
 * BatchNorm over the batch's own statistics (Ioffe & Szegedy 2015, algorithm 1; biased variance) as one node of the tape.
 * @param x [B, H, W, C]; one value per channel has output β and gradient 0 (PyTorch refuses it)
 * @returns the output and the running statistics after the step: (1 − momentum) · old + momentum · new, with the
 * unbiased variance (PyTorch's convention); of one value there is none, the old variance stays
 */
export function batchNorm(x: tf.Tensor4D, { gamma, beta, mean, variance }: BatchNormParameters, { momentum = 0.1, ...options }: BatchNormOptions & { readonly momentum?: number } = {}): Normed {
  const own = normalise(x, { gamma, beta, ...options });
  const blend = (old: tf.Tensor1D, now: tf.Tensor1D) => tf.add<tf.Tensor1D>(tf.mul(stopGradient(old), 1 - momentum), tf.mul(now, momentum));
  return { y: own.y, mean: blend(mean, own.mean), variance: x.size > x.shape[3] ? blend(variance, own.variance) : stopGradient(variance) };
}

/** The output of `batchNorm` alone, for layers that are only ever trained (adapters): no running statistics are kept. */
export function batchNormTraining(x: tf.Tensor4D, options: BatchNormTrainingOptions): tf.Tensor4D {
  const { y, mean, variance } = normalise(x, options);
  tf.dispose([mean, variance]);
  return y;
}

function normalise(x: tf.Tensor4D, options: BatchNormTrainingOptions): Normed {
  const statistics: tf.Tensor1D[] = [];
  const keep = (...made: readonly tf.Tensor[]) => { for (const one of made) statistics.push(tf.keep(one) as tf.Tensor1D); };
  const y = hasRawOps() ? nativeNorm(x, options, keep) : portableNorm(x, options, keep);
  const [mean, variance] = statistics.map((one) => stopGradient(one));
  tf.dispose(statistics);
  return { y, mean, variance };
}

type Keep = (mean: tf.Tensor, variance: tf.Tensor) => void;

const training: Attributes = { ...float, U: attribute.type("float32"), data_format: attribute.string("NHWC"), is_training: attribute.bool(true) };

function nativeNorm(x: tf.Tensor4D, { gamma, beta, epsilon = 1e-5, relu = false }: BatchNormTrainingOptions, keep: Keep): tf.Tensor4D {
  const attributes: Attributes = { ...training, epsilon: attribute.float(epsilon) };
  return differentiable<tf.Tensor4D>({
    inputs: { x, gamma, beta },
    forward: (save) => {
      const none = tf.tensor1d([]);
      const [normed, mean, variance, ...reserve] = rawOp("FusedBatchNormV3", { ...attributes, exponential_avg_factor: attribute.float(1) }, [x, gamma, beta, none, none], 6);
      keep(mean, variance);
      const y = relu ? runFloat("Relu", normed) : normed;
      save([x, gamma, ...reserve, ...(relu ? [y] : [])]);
      return y as tf.Tensor4D;
    },
    backward: (dy, { saved: [map, scale, first, second, third, y], share }) => {
      const slopes = shareAll(share, 3, () => rawOp("FusedBatchNormGradV3", attributes, [relu ? runFloat("ReluGrad", dy, y) : dy, map, scale, first, second, third], 5));
      return { x: slopes[0], gamma: slopes[1], beta: slopes[2] };
    },
  });
}

/** The first results of one computation as gradients of their own: all are made when the first is asked for. */
function shareAll(share: (one: () => tf.Tensor) => () => tf.Tensor, count: number, compute: () => readonly tf.Tensor[]): (() => tf.Tensor)[] {
  let all: readonly tf.Tensor[] | undefined;
  const shared = Array.from({ length: count }, (_, i) => share(() => stopGradient(all![i])));
  return shared.map((own) => () => {
    if (all === undefined) {
      all = compute();
      for (const one of shared) one();
    }
    return stopGradient(own());
  });
}

/**
 * With z = (x − μ) / √(σ² + ε) and g = dy (where y > 0 with `relu`), sums Σ and means ⟨·⟩ over batch and cells:
 * dx = γ · (g − ⟨g⟩ − z·⟨g·z⟩) / √(σ² + ε), dγ = Σ g·z, dβ = Σ g.
 */
function portableNorm(x: tf.Tensor4D, { gamma, beta, epsilon = 1e-5, relu = false }: BatchNormTrainingOptions, keep: Keep): tf.Tensor4D {
  const count = x.size / x.shape[3];
  return differentiable<tf.Tensor4D>({
    inputs: { x, gamma, beta },
    forward: (save) => {
      const mean = tf.mean(x, cells);
      const centred = tf.sub(x, mean);
      const variance = tf.mean(tf.square(centred), cells);
      keep(mean, tf.mul(variance, count / Math.max(count - 1, 1)));
      const inverse = tf.rsqrt(tf.add(variance, epsilon));
      const z = tf.mul(centred, inverse);
      const affine = tf.add<tf.Tensor4D>(tf.mul(z, gamma), beta);
      const y = relu ? tf.relu(affine) : affine;
      save([z, inverse, gamma, ...(relu ? [y] : [])]);
      return y;
    },
    backward: (dy, { saved: [z, inverse, scale, y], share }) => {
      const g = relu ? share(() => tf.mul(dy, tf.step(y))) : () => dy;
      const along = share(() => tf.sum(tf.mul(g(), z), cells));
      const total = share(() => tf.sum(g(), cells));
      return {
        x: () => tf.mul(tf.sub(tf.sub(g(), tf.div(total(), count)), tf.mul(z, tf.div(along(), count))), tf.mul(inverse, scale)),
        gamma: () => stopGradient(along()),
        beta: () => stopGradient(total()),
      };
    },
  });
}

const cells = [0, 1, 2];
