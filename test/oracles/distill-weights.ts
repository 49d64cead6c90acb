import * as tf from "@tensorflow/tfjs-core";
import type { Parameter } from "../../lib/detector/detector.ts";
import { fill, type TensorSpec } from "./distill-oracle.ts";

/** One weight of an oracle case, with PyTorch's name and layout. */
export type WeightSpec = TensorSpec & { readonly name: string; readonly shape: number[] };

/** PyTorch's axes of a weight, in TensorFlow's order: OIHW → HWIO, a LayerNorm's [C, 1, 1] → [1, 1, C]. */
const axes: Readonly<Record<number, readonly number[]>> = { 4: [2, 3, 1, 0], 3: [1, 2, 0], 2: [1, 0], 1: [0], 0: [] };

/**
 * Puts an oracle's weights into the parameters of the same names.
 * @throws Error where a weight has no parameter or a parameter no weight
 */
export function assignWeights(parameters: readonly Parameter[], weights: readonly WeightSpec[]): void {
  const names = (list: readonly { readonly name: string }[]) => list.map(({ name }) => name).sort().join();
  if (names(parameters) !== names(weights)) throw new Error(`parameters ${names(parameters)} but weights ${names(weights)}`);
  for (const { name, variable } of parameters) {
    const spec = weights.find((weight) => weight.name === name)!;
    tf.tidy(() => variable.assign(tf.transpose(tf.tensor(fill(spec), spec.shape), axes[spec.shape.length] as number[])));
  }
}

/** A gradient of a parameter in PyTorch's layout. */
export function toPytorch(gradient: tf.Tensor): tf.Tensor {
  const order = axes[gradient.rank];
  return tf.transpose(gradient, order.map((_, axis) => order.indexOf(axis)));
}
