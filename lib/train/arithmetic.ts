import * as tf from "@tensorflow/tfjs-core";
import { attribute, hasRawOps } from "../backend/ops.ts";
import { float, raw, runFloat } from "../tensor/raw.ts";

/** Element-wise arithmetic with one native operation each, or with TensorFlow.js's portable ones. Inside a tidy. */
export interface Arithmetic {
  add(this: void, a: tf.Tensor, b: tf.Tensor): tf.Tensor;
  /** One after another, in one pass over the memory. */
  sum(this: void, parts: readonly tf.Tensor[]): tf.Tensor;
  sub(this: void, a: tf.Tensor, b: tf.Tensor): tf.Tensor;
  mul(this: void, a: tf.Tensor, b: tf.Tensor): tf.Tensor;
  div(this: void, a: tf.Tensor, b: tf.Tensor): tf.Tensor;
  square(this: void, x: tf.Tensor): tf.Tensor;
  sqrt(this: void, x: tf.Tensor): tf.Tensor;
  clip(this: void, x: tf.Tensor, low: tf.Scalar, high: tf.Scalar): tf.Tensor;
}

const native: Arithmetic = {
  add: (a, b) => runFloat("AddV2", a, b),
  sum: (parts) => raw("AddN", { ...float, N: attribute.int(parts.length) }, parts),
  sub: (a, b) => runFloat("Sub", a, b),
  mul: (a, b) => runFloat("Mul", a, b),
  div: (a, b) => runFloat("RealDiv", a, b),
  square: (x) => runFloat("Square", x),
  sqrt: (x) => runFloat("Sqrt", x),
  clip: (x, low, high) => runFloat("ClipByValue", x, low, high),
};

const portable: Arithmetic = {
  add: (a, b) => tf.add(a, b),
  sum: (parts) => tf.addN([...parts]),
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
