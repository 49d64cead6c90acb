import type * as tf from "@tensorflow/tfjs-core";
import type { Parameter } from "../detector/detector.ts";

/** One parameter's update. */
export interface UpdateJob {
  readonly parameter: Parameter;
  readonly gradient: tf.Tensor;
  readonly rate: number;
  /** Of the optimiser's weight decay. */
  readonly decayFactor: number;
}

/** Cuts a gradient; inside a tidy. */
export type Clip = (gradient: tf.Tensor) => tf.Tensor;

/** How an optimiser makes new values. */
export interface UpdateRule {
  /** Buffers by the name that a checkpoint gives them; owned by the optimiser. */
  readonly state: ReadonlyMap<string, tf.Variable>;
  /** Updates parameters and buffers inside the caller's tidy; nothing is assigned before every new value exists. */
  update(jobs: readonly UpdateJob[], clip: Clip): void;
}

/** Sets variables to their new values; all of these exist by now. */
export function assignAll(updates: readonly (readonly [tf.Variable, tf.Tensor])[]): void {
  for (const [variable, value] of updates) variable.assign(value);
}
