import type * as tf from "@tensorflow/tfjs-core";
import type { Batch } from "../data/batch.ts";
import type { Detector, Parameter, Prediction } from "../detector/detector.ts";

/** One named loss of a method with the weight it enters the total by. */
export interface WeightedTerm {
  /** Unweighted scalar. */
  readonly value: tf.Scalar;
  /** λ at this iteration; the total adds weight · value. */
  readonly weight: number;
  /**
   * `detection`: a detector's own loss on the method's features (LGD's loss on K_e); `distillation`: counts in the share;
   * `observation`: only reported, its weight is 0.
   */
  readonly kind: "detection" | "distillation" | "observation";
}

/** What a frozen teacher says about a batch, computed outside the gradient tape. Methods without one return `{}`. */
export type Hints = Readonly<Record<string, readonly tf.Tensor[]>>;

/** A weight as a function of the iteration (from 0). */
export type Schedule = (iteration: number) => number;

export interface Distiller {
  readonly name: string;
  /** The frozen detector it learns from, where there is one: `training` refuses to train it. */
  readonly taughtBy?: Detector;
  /** Trainable parameters of the method itself (adapters, label encoder…). */
  parameters(): readonly Parameter[];
  /** Called outside the tape; the caller disposes the tensors after the step. */
  hints(batch: Batch): Hints;
  /** Called on the tape with the student's prediction on the same batch. */
  loss(student: Prediction, hints: Hints, batch: Batch, context: { readonly iteration: number; readonly detector: Detector }): Readonly<Record<string, WeightedTerm>>;
  dispose(): void;
}
