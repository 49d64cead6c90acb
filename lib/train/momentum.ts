import * as tf from "@tensorflow/tfjs-core";
import { hasRawOps } from "../backend/ops.ts";
import { runFloat } from "../tensor/raw.ts";

/** The scalars of one update; owned by the caller. */
export interface MomentumScalars {
  readonly rate: tf.Scalar;
  readonly momentum: tf.Scalar;
  /** Absent without weight decay. */
  readonly decay?: tf.Scalar;
  /** [−limit, limit]; absent without clipping. */
  readonly limits?: readonly [tf.Scalar, tf.Scalar];
}

/** Element-wise arithmetic with one native operation each, or with TensorFlow.js's portable ones. */
interface Arithmetic {
  add(this: void, a: tf.Tensor, b: tf.Tensor): tf.Tensor;
  sub(this: void, a: tf.Tensor, b: tf.Tensor): tf.Tensor;
  mul(this: void, a: tf.Tensor, b: tf.Tensor): tf.Tensor;
  clip(this: void, x: tf.Tensor, low: tf.Scalar, high: tf.Scalar): tf.Tensor;
}

const native: Arithmetic = {
  add: (a, b) => runFloat("AddV2", a, b),
  sub: (a, b) => runFloat("Sub", a, b),
  mul: (a, b) => runFloat("Mul", a, b),
  clip: (x, low, high) => runFloat("ClipByValue", x, low, high),
};

const portable: Arithmetic = {
  add: (a, b) => tf.add(a, b),
  sub: (a, b) => tf.sub(a, b),
  mul: (a, b) => tf.mul(a, b),
  clip: (x, low, high) => tf.minimum(tf.maximum(x, low), high),
};

/**
 * PyTorch's SGD with momentum: v' = μv + (clip(g) + wd·w), w' = w − lr·v'. Inside a tidy.
 * @returns [w', v']
 */
export function momentumUpdate(weight: tf.Tensor, velocity: tf.Tensor, gradient: tf.Tensor, scalars: MomentumScalars): [tf.Tensor, tf.Tensor] {
  const { add, sub, mul, clip } = hasRawOps() ? native : portable;
  const { rate, momentum, decay, limits } = scalars;
  const clipped = limits === undefined ? gradient : clip(gradient, ...limits);
  const decayed = decay === undefined ? clipped : add(clipped, mul(weight, decay));
  const v = add(mul(velocity, momentum), decayed);
  return [sub(weight, mul(v, rate)), v];
}

/** ½ Σ x², as one native operation where there is one; inside a tidy. */
export function halfSquares(x: tf.Tensor): tf.Scalar {
  return (hasRawOps() ? runFloat("L2Loss", x) : tf.mul(tf.sum(tf.square(x)), 0.5)) as tf.Scalar;
}
