import * as tf from "@tensorflow/tfjs-core";

/** One attribute of a TensorFlow operation as tfjs-node's binding takes it. */
export interface RawAttribute {
  readonly name: string;
  readonly type: number;
  readonly value: boolean | number | string | readonly number[];
}

/** The part of tfjs-node's backend that runs a TensorFlow operation by name. */
export interface NativeBackend {
  readonly binding: Readonly<Record<"TF_ATTR_TYPE" | "TF_ATTR_INT" | "TF_ATTR_BOOL" | "TF_ATTR_STRING" | "TF_ATTR_FLOAT" | "TF_FLOAT" | "TF_INT32", number>>;
  executeSingleOutput(name: string, attributes: readonly RawAttribute[], inputs: readonly tf.Tensor[]): tf.Tensor;
  executeMultipleOutputs(name: string, attributes: readonly RawAttribute[], inputs: readonly tf.Tensor[], outputs: number): tf.Tensor[];
}

/** TensorFlow's own backend, or undefined when a portable one (WASM, plain JavaScript) is in use. */
export function nativeBackend(): NativeBackend | undefined {
  return tf.getBackend() === "tensorflow" ? (tf.backend() as unknown as NativeBackend) : undefined;
}

/** `{ T: float32 }`, and what else an operation's element types are called. */
export function floatType(native: NativeBackend, name = "T"): RawAttribute {
  return { name, type: native.binding.TF_ATTR_TYPE, value: native.binding.TF_FLOAT };
}

export function int32Type(native: NativeBackend, name: string): RawAttribute {
  return { name, type: native.binding.TF_ATTR_TYPE, value: native.binding.TF_INT32 };
}

/** Runs a float32 operation whose only attribute is its element type. */
export function rawFloat(native: NativeBackend, name: string, ...inputs: readonly tf.Tensor[]): tf.Tensor {
  return native.executeSingleOutput(name, [floatType(native)], inputs);
}

/** Runs an operation with a short-lived int32 vector as its last input (axes, sizes, shapes). */
export function withInts<T>(values: readonly number[], run: (vector: tf.Tensor1D) => T): T {
  const vector = tf.tensor1d(values as number[], "int32");
  try {
    return run(vector);
  } finally {
    vector.dispose();
  }
}

/** `Mean` or `Sum` over axes, which are kept with length 1. */
export function rawReduce(native: NativeBackend, name: "Mean" | "Sum", x: tf.Tensor, axes: readonly number[]): tf.Tensor {
  const attributes = [{ name: "keep_dims", type: native.binding.TF_ATTR_BOOL, value: true }, floatType(native), int32Type(native, "Tidx")];
  return withInts(axes, (vector) => native.executeSingleOutput(name, attributes, [x, vector]));
}

export function rawReshape(native: NativeBackend, x: tf.Tensor, shape: readonly number[]): tf.Tensor {
  return withInts(shape, (vector) => native.executeSingleOutput("Reshape", [floatType(native), int32Type(native, "Tshape")], [x, vector]));
}
