import type * as tf from "@tensorflow/tfjs-core";
import type { Batch } from "../data/batch.ts";
import type { Detector, Prediction } from "../detector/detector.ts";
import { stopGradient, withoutTape } from "../tensor/stop-gradient.ts";
import type { Distiller, Hints, Schedule, WeightedTerm } from "./distiller.ts";
import { parameterSet, type ParameterSet } from "./layers.ts";

/** Who answers for the teacher: a detector, or what has kept a detector's answers. */
export interface Teacher {
  readonly detector: Detector;
  /** The prediction on a batch; its tensors belong to the current tidy scope. Called outside the gradient tape. */
  predict(batch: Pick<Batch, "images" | "targets">): Prediction;
}

/** What a method must know of the student to fit its adapters. */
export type StudentShape = Pick<Detector, "name" | "classes" | "channels" | "strides">;

/** What all methods with a separate teacher are told. */
export interface TaughtOptions {
  /** Any detector with any weights. It is never trained; the caller disposes it. */
  readonly teacher: Detector | Teacher;
  /** The detector that learns. */
  readonly student: StudentShape;
  /** Start of the method's own parameters. Default 0. */
  readonly seed?: number | string;
  /** λ: multiplies the method's own weights; a number or a function of the iteration (`ramp`, `until`, `stepwise`). Default 1. */
  readonly weight?: number | Schedule;
}

/** Terms of one method by name, with the method's own weights; λ is not in them. */
export type MethodTerms = Readonly<Record<string, { readonly value: tf.Scalar; readonly weight: number }>>;

/** What makes one method of the kind: a frozen teacher speaks, the student is compared. */
export interface Method {
  /**
   * What of the teacher's prediction the comparison needs, computed outside the tape: maps, masks, attention. Nothing else of
   * the prediction outlives the call.
   */
  readonly hints: (teacher: Prediction, batch: Pick<Batch, "targets">) => Hints;
  /** The terms of a batch, on the tape. */
  readonly terms: (student: Prediction, hints: Hints, batch: Pick<Batch, "targets">, moment: { readonly iteration: number }) => MethodTerms;
}

/**
 * A distillation method with a frozen teacher: one forward pass of the teacher outside the tape, the method's terms named
 * `distill.<term>` with weight λ · the method's own.
 * @param build makes the method's parameters in the set it is given
 * @throws whatever `build` throws, with nothing left behind
 */
export function taught(name: string, { teacher, seed = 0, weight = 1 }: TaughtOptions, build: (set: ParameterSet) => Method): Distiller {
  const asked = "predict" in teacher && "detector" in teacher ? teacher : teacherOf(teacher);
  const lambda: Schedule = typeof weight === "number" ? () => weight : weight;
  const set = parameterSet(seed);
  let method: Method;
  try {
    method = build(set);
  } catch (error) {
    set.dispose();
    throw error;
  }
  return {
    name,
    parameters: () => set.all,
    hints: (batch) => kept(() => method.hints(asked.predict(batch), batch)),
    loss: (student, hints, batch, { iteration }) => weighted(method.terms(student, hints, batch, { iteration }), lambda(iteration)),
    dispose: () => set.dispose(),
  };
}

/** A detector as its own teacher's mouth: it computes each time. */
export function teacherOf(detector: Detector): Teacher {
  return { detector, predict: ({ images }) => detector.forward(images) };
}

/** Hints in tensors of their own: what a method hands on unchanged may be the teacher's. */
function kept(compute: () => Hints): Hints {
  return withoutTape(() => {
    const hints = compute();
    return Object.fromEntries(Object.entries(hints).map(([key, tensors]) => [key, tensors.map((tensor) => stopGradient(tensor))]));
  });
}

function weighted(terms: MethodTerms, lambda: number): Record<string, WeightedTerm> {
  return Object.fromEntries(Object.entries(terms).map(([term, { value, weight }]) => [`distill.${term}`, { value, weight: lambda * weight, kind: "distillation" as const }]));
}

/** Pairs of student and teacher levels of equal stride, finest first. */
export interface LevelPair {
  readonly student: number;
  readonly teacher: number;
  readonly stride: number;
}

/**
 * Pairs levels by stride; levels that only one side has are left alone when `partial` is set.
 * @throws Error when levels have no partner
 */
export function pairLevels(student: Pick<Detector, "name" | "strides">, teacher: Pick<Detector, "name" | "strides">, { partial = false } = {}): LevelPair[] {
  const pairs = student.strides.flatMap((stride, s) => {
    const t = teacher.strides.indexOf(stride);
    return t < 0 ? [] : [{ student: s, teacher: t, stride }];
  });
  if (pairs.length === 0 || (!partial && (pairs.length < student.strides.length || pairs.length < teacher.strides.length))) {
    throw new Error(`the student ${student.name} has levels of strides ${student.strides.join(", ")}, the teacher ${teacher.name} of ${teacher.strides.join(", ")}: levels are compared stride by stride. Give both the same neck levels (neck.first, neck.last)`);
  }
  return pairs;
}
