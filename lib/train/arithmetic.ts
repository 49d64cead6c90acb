import * as tf from "@tensorflow/tfjs-core";
import { hasRawOps } from "../backend/ops.ts";
import { runFloat } from "../tensor/raw.ts";

/** Element-wise arithmetic with one native operation each, or with TensorFlow.js's portable ones. Inside a tidy. */
export interface Arithmetic {
  add(this: void, a: tf.Tensor, b: tf.Tensor): tf.Tensor;
  sub(this: void, a: tf.Tensor, b: tf.Tensor): tf.Tensor;
  mul(this: void, a: tf.Tensor, b: tf.Tensor): tf.Tensor;
  div(this: void, a: tf.Tensor, b: tf.Tensor): tf.Tensor;
  square(this: void, x: tf.Tensor): tf.Tensor;
  sqrt(this: void, x: tf.Tensor): tf.Tensor;
  clip(this: void, x: tf.Tensor, low: tf.Scalar, high: tf.Scalar): tf.Tensor;
}

const native: Arithmetic = {
  add: (a, b) => runFloat("AddV2", a, b),
  sub: (a, b) => runFloat("Sub", a, b),
  mul: (a, b) => runFloat("Mul", a, b),
  div: (a, b) => runFloat("RealDiv", a, b),
  square: (x) => runFloat("Square", x),
  sqrt: (x) => runFloat("Sqrt", x),
  clip: (x, low, high) => runFloat("ClipByValue", x, low, high),
};

const portable: Arithmetic = {
  add: (a, b) => tf.add(a, b),
  sub: (a, b) => tf.sub(a, b),
  mul: (a, b) => tf.mul(a, b),
  div: (a, b) => tf.div(a, b),
  square: (x) => tf.square(x),
  sqrt: (x) => tf.sqrt(x),
  clip: (x, low, high) => tf.minimum(tf.maximum(x, low), high),
};

/** What the loaded backend has. */
export function arithmetic(): Arithmetic {
  return hasRawOps() ? native : portable;
}
