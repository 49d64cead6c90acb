import * as tf from "@tensorflow/tfjs-core";
import type { Batch } from "../data/batch.ts";
import type { Detector, Prediction } from "../detector/detector.ts";
import { listed } from "../detector/load.ts";
import { stopGradient, withoutTape } from "../tensor/stop-gradient.ts";
import type { Distiller, Hints, Schedule, WeightedTerm } from "./distiller.ts";
import { parameterSet, type ParameterSet } from "./layers.ts";

/** Who answers for the teacher: a detector, or what has kept a detector's answers. */
export interface Teacher {
  readonly detector: Detector;
  /**
   * The prediction on a batch; its tensors belong to the current tidy scope. Called outside the gradient tape.
   * @param reads `pyramid`: the head need not be computed; logits and boxes are then empty. Default `prediction`
   */
  predict(batch: Pick<Batch, "images" | "targets">, reads?: Reads): Prediction;
}

/** How much of a teacher's prediction is read. */
export type Reads = "pyramid" | "prediction";

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
  /**
   * The teacher's variables may change while it teaches (a moving average of the student). Default false: a change is an error,
   * since it means a teacher that is trained along, or one whose BatchNorm statistics move.
   */
  readonly movingTeacher?: boolean;
}

/** Terms of one method by name, with the method's own weights; λ is not in them. */
export type MethodTerms = Readonly<Record<string, { readonly value: tf.Scalar; readonly weight: number }>>;

/** What makes one method of the kind: a frozen teacher speaks, the student is compared. */
export interface Method {
  /** What `hints` reads of the teacher: `pyramid` spares its head. Default `prediction`. */
  readonly reads?: Reads;
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
 * @throws whatever `build` throws, with nothing left behind; Error when a step finds a λ or weight that is no finite number,
 * a teacher whose weights are not finite, or one that has changed
 */
export function taught(name: string, { teacher, seed = 0, weight = 1, movingTeacher = false }: TaughtOptions, build: (set: ParameterSet) => Method): Distiller {
  const asked = isTeacher(teacher) ? teacher : teacherOf(teacher);
  const lambda: Schedule = typeof weight === "number" ? () => weight : weight;
  const watch = movingTeacher ? () => undefined : watchTeacher(asked.detector);
  const check = once(() => requireFinite(asked.detector));
  const set = parameterSet(seed);
  let method: Method;
  try {
    requireNumber(name, "λ", lambda(0));
    method = build(set);
  } catch (error) {
    set.dispose();
    throw error;
  }
  return {
    name,
    taughtBy: asked.detector,
    parameters: () => set.all,
    hints: (batch) => kept(() => {
      check();
      watch();
      const prediction = asked.predict(batch, method.reads);
      watch();
      return method.hints(prediction, batch);
    }),
    loss: (student, hints, batch, { iteration }) => weighted(name, method.terms(student, hints, batch, { iteration }), lambda(iteration)),
    dispose: () => set.dispose(),
  };
}

/** A detector as its own teacher's mouth: it computes each time. */
export function teacherOf(detector: Detector): Teacher {
  return {
    detector,
    predict: ({ images }, reads) => {
      if (reads !== "pyramid") return detector.forward(images);
      return { pyramid: detector.extract(images), logits: [], boxes: [], height: images.shape[1], width: images.shape[2] };
    },
  };
}

/** The detector that answers, or whose answers were kept: what its levels and channels are. */
export function detectorOf(teacher: Detector | Teacher): Detector {
  return isTeacher(teacher) ? teacher.detector : teacher;
}

function isTeacher(teacher: Detector | Teacher): teacher is Teacher {
  return "predict" in teacher && "detector" in teacher;
}

function once(run: () => void): () => void {
  let done = false;
  return () => {
    if (!done) run();
    done = true;
  };
}

/** @throws Error naming the teacher's variables that are not finite: they would only show as a loss that is not. */
function requireFinite({ name, parameters }: Pick<Detector, "name" | "parameters">): void {
  const all = parameters();
  if (all.length === 0) return;
  // 0 · x summed is 0, or NaN where an entry is NaN or infinite; outside any tape, inside the caller's tidy.
  const sums = tf.stack(all.map(({ variable }) => tf.tidy(() => tf.sum(tf.mul(variable, 0))))).dataSync();
  const broken = all.filter((_, i) => sums[i] !== 0).map((parameter) => parameter.name);
  if (broken.length > 0) throw new Error(`the teacher ${name} has weights that are not finite: ${listed("variables", broken, { few: 3 }).join()}. Its checkpoint is broken or its training diverged; load another`);
}

/**
 * Compares a teacher's variables with those of the first call: an assignment gives a variable other data.
 * @throws Error naming the variables that have changed since
 */
function watchTeacher(teacher: Pick<Detector, "name" | "parameters">): () => void {
  let first: readonly object[] | undefined;
  return () => {
    const now = teacher.parameters().map(({ variable }) => variable.dataId);
    first ??= now;
    const moved = teacher.parameters().filter((_, i) => now[i] !== first![i]).map((parameter) => parameter.name);
    if (moved.length === 0) return;
    throw new Error(`the teacher ${teacher.name} changed while it teaches: ${listed("variables", moved, { few: 3 }).join()}. It is in training mode (BatchNorm statistics that move), or its parameters are among the trained ones. Freeze it, load its weights before the first step, or set movingTeacher: true if you mean it`);
  };
}

/** Hints in tensors of their own: what a method hands on unchanged may be the teacher's. */
function kept(compute: () => Hints): Hints {
  return withoutTape(() => {
    const hints = compute();
    return Object.fromEntries(Object.entries(hints).map(([key, tensors]) => [key, tensors.map((tensor) => stopGradient(tensor))]));
  });
}

function weighted(name: string, terms: MethodTerms, lambda: number): Record<string, WeightedTerm> {
  requireNumber(name, "λ", lambda);
  for (const [term, { weight }] of Object.entries(terms)) requireNumber(name, `the weight of ${term}`, weight);
  return Object.fromEntries(Object.entries(terms).map(([term, { value, weight }]) => [`distill.${term}`, { value, weight: lambda * weight, kind: "distillation" as const }]));
}

function requireNumber(name: string, what: string, value: number): void {
  if (!Number.isFinite(value)) throw new RangeError(`${name}: ${what} is ${value}; it must be a finite number`);
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
