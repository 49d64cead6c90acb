import * as tf from "@tensorflow/tfjs-core";
import type { Detector, Parameter } from "./detector.ts";

/** A weight as a file or formula gives it, row-major. */
export interface NamedArray {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

export interface LoadParametersOptions {
  /** `pytorch`: convolutions are OIHW and linear weights [out, in]; `tensorflow`: HWIO and [in, out], as the variables are. */
  readonly layout: "pytorch" | "tensorflow";
  /** Names that may stay as they are. Default none: every parameter must be in the record. */
  readonly optional?: readonly string[];
}

/** What PyTorch stores beside weights: BatchNorm's step counter. */
const counters = /\.num_batches_tracked$/;

/**
 * Sets every parameter from the record.
 * @throws Error before anything is changed, listing parameters that the record lacks, entries that no parameter takes, and
 * shapes that differ
 */
export function loadParameters(target: Pick<Detector, "parameters">, record: ReadonlyMap<string, NamedArray>, { layout, optional = [] }: LoadParametersOptions): void {
  const parameters = target.parameters();
  const names = new Set(parameters.map(({ name }) => name));
  const present = parameters.filter(({ name }) => record.has(name));
  const problems = [
    ...listed("parameters without a value", parameters.filter(({ name }) => !record.has(name) && !optional.includes(name)).map(({ name }) => name)),
    ...listed("values without a parameter", [...record.keys()].filter((name) => !names.has(name) && !counters.test(name))),
    ...listed("shapes that differ", present.flatMap((parameter) => shapeProblem(parameter, record.get(parameter.name), layout))),
  ];
  if (problems.length > 0) throw new Error(`the weights do not fit the detector: ${problems.join("; ")}`);
  for (const parameter of present) assignParameter(parameter, record.get(parameter.name), layout);
}

/** `12 things (a, b, c)` for an error that lists problems; nothing without names. `few` are told where the names are no work list. */
export function listed(what: string, names: readonly string[], { few = 20 }: { readonly few?: number } = {}): string[] {
  if (names.length === 0) return [];
  const shown = names.slice(0, few).join(", ");
  return [`${names.length} ${what} (${shown}${names.length > few ? ", …" : ""})`];
}

function shapeProblem({ name, variable }: Parameter, value: NamedArray | undefined, layout: LoadParametersOptions["layout"]): string[] {
  if (value === undefined) return [];
  const wanted = layout === "pytorch" ? pytorchShape(variable.shape) : variable.shape;
  const size = value.shape.reduce((product, n) => product * n, 1);
  if (value.data.length !== size) return [`${name}: ${value.data.length} values for shape [${value.shape.join(", ")}]`];
  return wanted.join() === value.shape.join() ? [] : [`${name}: [${value.shape.join(", ")}] in the record, [${wanted.join(", ")}] in the detector`];
}

/** PyTorch's shape of a variable in TensorFlow's layout. */
export function pytorchShape(shape: readonly number[]): number[] {
  if (shape.length === 4) return [shape[3], shape[2], shape[0], shape[1]];
  return shape.length === 2 ? [shape[1], shape[0]] : [...shape];
}

/** Sets a parameter's variable; the value has its shape in the given layout. */
export function assignParameter({ variable, flattened }: Parameter, value: NamedArray | undefined, layout: LoadParametersOptions["layout"]): void {
  if (value === undefined) return;
  tf.tidy(() => {
    const tensor = tf.tensor(value.data, value.shape as number[]);
    variable.assign(layout === "tensorflow" || tensor.rank < 2 ? tensor : fromPytorch(tensor, flattened));
  });
}

/** OIHW → HWIO, [out, in] → [in, out]; an input that is a flattened map goes from [C, H, W] to [H, W, C]. */
function fromPytorch(tensor: tf.Tensor, flattened: Parameter["flattened"]): tf.Tensor {
  if (tensor.rank === 4) return tf.transpose(tensor, [2, 3, 1, 0]);
  if (flattened === undefined) return tf.transpose(tensor, [1, 0]);
  const { height, width, channels } = flattened;
  const [outputs, inputs] = tensor.shape;
  return tf.reshape(tf.transpose(tf.reshape(tensor, [outputs, channels, height, width]), [2, 3, 1, 0]), [inputs, outputs]);
}
