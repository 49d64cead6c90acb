import type * as tf from "@tensorflow/tfjs-core";
import { withoutTape } from "../../tensor/stop-gradient.ts";
import type { Layer } from "../layers.ts";

/** Runs stem and stages in order, the first `frozen` of them off the tape; returns the stages' outputs. */
export function run(layers: readonly Layer[], images: tf.Tensor4D, frozen: number): tf.Tensor4D[] {
  const outputs = frozen > 0 ? withoutTape(() => chain(layers.slice(0, frozen), images)) : [];
  const last = outputs[outputs.length - 1] ?? images;
  return [...outputs, ...chain(layers.slice(frozen), last)].slice(1);
}

function chain(layers: readonly Layer[], x: tf.Tensor4D): tf.Tensor4D[] {
  const outputs: tf.Tensor4D[] = [];
  for (const layer of layers) outputs.push(layer(outputs[outputs.length - 1] ?? x));
  return outputs;
}
