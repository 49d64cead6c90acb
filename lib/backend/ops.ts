import * as tf from "@tensorflow/tfjs-core";

/** One attribute of a TensorFlow operation, made by {@link attribute}. */
export interface Attribute {
  readonly kind: "TF_ATTR_TYPE" | "TF_ATTR_INT" | "TF_ATTR_FLOAT" | "TF_ATTR_BOOL" | "TF_ATTR_STRING" | "TF_ATTR_SHAPE";
  readonly value: boolean | number | string | readonly number[];
}

/** The kinds of attributes, as in `{ T: attribute.type("float32"), strides: attribute.ints([1, 2, 2, 1]) }`. */
export const attribute = {
  type: (value: tf.DataType): Attribute => ({ kind: "TF_ATTR_TYPE", value }),
  int: (value: number): Attribute => ({ kind: "TF_ATTR_INT", value }),
  ints: (value: readonly number[]): Attribute => ({ kind: "TF_ATTR_INT", value }),
  float: (value: number): Attribute => ({ kind: "TF_ATTR_FLOAT", value }),
  bool: (value: boolean): Attribute => ({ kind: "TF_ATTR_BOOL", value }),
  string: (value: string): Attribute => ({ kind: "TF_ATTR_STRING", value }),
  shape: (value: readonly number[]): Attribute => ({ kind: "TF_ATTR_SHAPE", value }),
} as const;

interface Native {
  readonly binding: Readonly<Record<string, number>>;
  executeMultipleOutputs(name: string, attributes: readonly object[], inputs: readonly tf.Tensor[], outputs: number): tf.Tensor[];
}

/** Whether operations can be run by name: the native backend is in use. */
export function hasRawOps(): boolean {
  return tf.getBackend() === "tensorflow";
}

/**
 * Runs a TensorFlow operation by name, outside the gradient tape; the caller disposes the outputs (or a tidy does).
 *
 * TensorFlow checks inputs and required attributes and throws, but passes over an attribute that it does not know:
 * compare names with the operation's definition. Throws when a portable backend is in use.
 * @param outputs how many tensors the operation gives. Default 1.
 */
export function rawOp(name: string, attributes: Readonly<Record<string, Attribute>>, inputs: readonly tf.Tensor[], outputs = 1): tf.Tensor[] {
  if (!hasRawOps()) throw new Error(`the operation ${name} needs the native TensorFlow library; the backend in use is ${tf.getBackend()}. Run \`potstill setup\``);
  const native = tf.backend() as unknown as Native;
  const encoded = Object.entries(attributes).map(([key, { kind, value }]) => ({ name: key, type: native.binding[kind], value: encode(native, kind, value) }));
  return native.executeMultipleOutputs(name, encoded, inputs, outputs);
}

/** The parts of tfjs-node's backend that keep tensors; it has no int64 tensors of its own. */
interface NativeStore {
  readonly binding: Readonly<Record<string, number>>;
  readonly tensorMap: { set(dataId: object, entry: object): void };
}

/**
 * An int64 vector of whole numbers from 0 to 2³¹ − 1, as some operations want their shapes. TF.js takes it for int32: use it
 * as an input of `rawOp` alone. The caller or a tidy disposes it.
 */
export function int64Vector(values: readonly number[]): tf.Tensor1D {
  const { binding, tensorMap } = tf.backend() as unknown as NativeStore;
  const dataId = {};
  const shape = [values.length];
  tensorMap.set(dataId, { shape, dtype: binding.TF_INT64, values: Int32Array.from(values.flatMap((value) => [value, 0])), id: -1, refCount: 1 });
  return tf.engine().makeTensorFromTensorInfo({ dataId, shape, dtype: "int32" }) as tf.Tensor1D;
}

const typeNames: Readonly<Record<string, string>> = { float32: "TF_FLOAT", int32: "TF_INT32", bool: "TF_BOOL", complex64: "TF_COMPLEX64", string: "TF_STRING" };

function encode(native: Native, kind: Attribute["kind"], value: Attribute["value"]): unknown {
  return kind === "TF_ATTR_TYPE" ? native.binding[typeNames[value as string]] : value;
}
