import * as tf from "@tensorflow/tfjs-core";
import { attribute, rawOp, type Attribute } from "../backend/ops.ts";

export type Attributes = Readonly<Record<string, Attribute>>;

/** The element type of most operations here. */
export const float: Attributes = { T: attribute.type("float32") };

/** Runs a TensorFlow operation with one output by name; the caller or a tidy disposes it. */
export function raw(name: string, attributes: Attributes, inputs: readonly tf.Tensor[]): tf.Tensor {
  return rawOp(name, attributes, inputs)[0];
}

/** Runs a float32 operation whose only attribute is its element type. */
export function runFloat(name: string, ...inputs: readonly tf.Tensor[]): tf.Tensor {
  return raw(name, float, inputs);
}

/** Runs an operation with a short-lived int32 vector as one of its inputs (axes, sizes, shapes). */
export function withInts<T>(values: readonly number[], run: (vector: tf.Tensor1D) => T): T {
  const vector = tf.tensor1d(values as number[], "int32");
  try {
    return run(vector);
  } finally {
    vector.dispose();
  }
}

const kept: Attributes = { ...float, Tidx: attribute.type("int32"), keep_dims: attribute.bool(true) };
const dropped: Attributes = { ...kept, keep_dims: attribute.bool(false) };

/** Sum over axes, which are kept with length 1 or dropped. */
export function rawSum(x: tf.Tensor, axes: readonly number[], keep: "keep" | "drop"): tf.Tensor {
  return withInts(axes, (vector) => raw("Sum", keep === "keep" ? kept : dropped, [x, vector]));
}

/** Mean over axes, which are kept with length 1. */
export function rawMean(x: tf.Tensor, axes: readonly number[]): tf.Tensor {
  return withInts(axes, (vector) => raw("Mean", kept, [x, vector]));
}

const reshape: Attributes = { ...float, Tshape: attribute.type("int32") };

export function rawReshape(x: tf.Tensor, shape: readonly number[]): tf.Tensor {
  return withInts(shape, (vector) => raw("Reshape", reshape, [x, vector]));
}
