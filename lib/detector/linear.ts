import * as tf from "@tensorflow/tfjs-core";
import { relu as rectify } from "../tensor/elementwise.ts";
import type { FlattenedInput, ParameterGroup } from "./detector.ts";
import type { Initialiser, ParameterStore } from "./parameters.ts";

export interface LinearSpec {
  /** Parameter name without `.weight` and `.bias`. */
  readonly name: string;
  readonly input: number;
  readonly output: number;
  /** Default false. */
  readonly relu?: boolean;
  /** Of the weight. */
  readonly initialiser: Initialiser;
  /** Of the bias. Default 0, as mmdet and detectron2 start it; torchvision leaves PyTorch's own. */
  readonly biasInitialiser?: Initialiser;
  readonly group: ParameterGroup;
  /** The input is a flattened map, in whose order the reference's weights are loaded. */
  readonly flattened?: FlattenedInput;
}

/** x·W + b and, when asked for, ReLU: [n, input] → [n, output]. W is stored as [input, output]. */
export function linearLayer(store: ParameterStore, { name, input, output, relu = false, initialiser, biasInitialiser = { kind: "constant", value: 0 }, group, flattened }: LinearSpec): (x: tf.Tensor2D) => tf.Tensor2D {
  const weight = store.add({ name: `${name}.weight`, shape: [input, output], initialiser, group, ...(flattened && { flattened }) }) as unknown as tf.Tensor2D;
  const bias = store.add({ name: `${name}.bias`, shape: [output], initialiser: biasInitialiser, group, role: "bias" }) as unknown as tf.Tensor1D;
  return (x) => {
    const y: tf.Tensor2D = tf.add(tf.matMul(x, weight), bias);
    return relu ? rectify(y) : y;
  };
}
