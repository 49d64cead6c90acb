import * as tf from "@tensorflow/tfjs-core";

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
