import * as tf from "@tensorflow/tfjs-core";
import type { Batch } from "../data/batch.ts";
import type { Detector, Parameter } from "../detector/detector.ts";
import { listed } from "../detector/load.ts";
import type { Distiller, WeightedTerm } from "../distill/distiller.ts";
import { stopGradient } from "../tensor/stop-gradient.ts";
import { gradients } from "./gradients.ts";
import { optimiser as makeOptimiser } from "./optimiser.ts";
import type { Optimiser, OptimiserOptions } from "./optimiser.ts";
import { assertFinite } from "./step.ts";
import type { Step } from "./step.ts";

export interface TrainingOptions {
  readonly detector: Detector;
  /** The method; without one the detector trains alone. */
  readonly distiller?: Distiller;
  /** Batches from an iteration on, as a pure function of it: what makes a resumed run equal to the bit. */
  readonly batches: (from: number) => AsyncIterable<Batch>;
  readonly iterations: number;
  readonly optimiser: OptimiserOptions;
}

/** A training in progress: steps on request, state on request. Owns its optimiser, not the detector or the method. */
export interface Training {
  /** Iterations done. */
  readonly iteration: number;
  /** Every parameter of detector and method, then the optimiser's buffers (`velocity/<name>` of SGD). */
  state(): ReadonlyMap<string, tf.Variable>;
  /** Continues at this iteration; the caller has put the state's values back. */
  resumeAt(iteration: number): void;
  /** Runs to the end, one `Step` per iteration. Leaving the loop early is safe at any step. */
  steps(): AsyncGenerator<Step, void>;
  dispose(): void;
}

type Terms = Readonly<Record<string, WeightedTerm>>;

/**
 * Starts a training; nothing is computed before `steps()` is iterated.
 * @throws Error when the method's teacher shares variables with what is trained, or two parameters share a name
 */
export function training({ detector, distiller, batches, iterations, optimiser }: TrainingOptions): Training {
  const parameters: readonly Parameter[] = [...detector.parameters(), ...(distiller?.parameters() ?? [])];
  requireFrozenTeacher(parameters, distiller);
  const updater = makeOptimiser(parameters, optimiser);
  const state = new Map([
    ...parameters.map(({ name, variable }) => [name, variable] as const),
    ...updater.state(),
  ]);
  let done = 0;

  async function* steps(): AsyncGenerator<Step, void> {
    let started = performance.now();
    for await (const batch of batches(done)) {
      let step: Step;
      try {
        step = tf.tidy(() => whole(parameters, () => computeStep({ detector, distiller, updater }, batch, { iteration: done, iterations, started }))) as unknown as Step;
      } finally {
        batch.dispose();
      }
      done += 1;
      yield { ...step, tensors: tf.memory().numTensors };
      if (done >= iterations) return;
      started = performance.now();
    }
    throw new Error(`the data ended after ${done} of ${iterations} iterations`);
  }

  return {
    get iteration() { return done; },
    state: () => state,
    resumeAt: (iteration) => { done = iteration; },
    steps: () => (done >= iterations ? nothing() : steps()),
    dispose: () => updater.dispose(),
  };
}

/** @throws Error naming the teacher's variables that would be trained */
function requireFrozenTeacher(parameters: readonly Parameter[], distiller: Distiller | undefined): void {
  const taught = new Set(distiller?.taughtBy?.parameters().map(({ variable }) => variable));
  const shared = parameters.filter(({ variable, frozen }) => !frozen && taught.has(variable)).map(({ name }) => name);
  if (shared.length === 0) return;
  throw new Error(`the teacher ${distiller!.taughtBy!.name} would be trained: ${listed("of its variables are among the trained ones", shared, { few: 3 }).join()}. Build teacher and student each on its own`);
}

async function* nothing(): AsyncGenerator<Step, void> {}

/**
 * Runs a step inside the caller's tidy. When it throws, the frozen parameters that its losses assigned (the moving-average
 * normaliser) get their values back: what `state()` holds is that of whole steps alone. Nothing is copied.
 */
function whole<T>(parameters: readonly Parameter[], step: () => T): T {
  const before = parameters.filter(({ frozen }) => frozen).map(({ variable }) => ({ variable, value: stopGradient<tf.Tensor>(variable) }));
  try {
    return step();
  } catch (error) {
    for (const { variable, value } of before) if (variable.dataId !== value.dataId) variable.assign(value);
    throw error;
  }
}

interface Parts {
  readonly detector: Detector;
  readonly distiller: Distiller | undefined;
  readonly updater: Optimiser;
}

interface Moment {
  readonly iteration: number;
  readonly iterations: number;
  readonly started: number;
}

/** One iteration inside the caller's tidy. The weights change only when every loss is finite. */
function computeStep({ detector, distiller, updater }: Parts, batch: Batch, moment: Moment): Omit<Step, "tensors"> {
  const { iteration } = moment;
  const hints = distiller?.hints(batch) ?? {};
  const trained = updater.trained(iteration);
  let terms: Terms = {};
  const { values, gradients: slopes } = gradients(() => {
    const student = detector.forward(batch.images);
    terms = { ...detection(detector, student, batch, iteration), ...distiller?.loss(student, hints, batch, { iteration, detector }) };
    const stacked = tf.stack(Object.values(terms).map(({ value }) => value)) as tf.Tensor1D;
    return { loss: tf.sum(tf.mul(stacked, Object.values(terms).map(({ weight }) => weight))), values: stacked };
  }, trained.map(({ variable }) => variable));
  const numbers = values.dataSync<"float32">();
  const all = Object.keys(terms).map((name, i) => [name, numbers[i]] as const);
  const losses = Object.fromEntries(all.filter(([name]) => terms[name].kind !== "observation"));
  const observed = Object.fromEntries(all.filter(([name]) => terms[name].kind === "observation"));
  assertFinite(losses, iteration);
  const gradientNorm = updater.norm(slopes).dataSync<"float32">()[0];
  assertFinite({ ...losses, "gradient norm": gradientNorm }, iteration);
  updater.apply(slopes, iteration, gradientNorm);
  for (const slope of slopes) slope?.dispose();
  return { ...summarise(terms, losses), ...(Object.keys(observed).length > 0 && { observed }), ...timing(moment, batch), learningRates: updater.learningRates(iteration), gradientNorm };
}

function detection(detector: Detector, student: ReturnType<Detector["forward"]>, batch: Batch, iteration: number): Terms {
  const losses = detector.loss(student, batch.targets, { iteration });
  return Object.fromEntries(Object.entries(losses).map(([name, value]) => [name, { value, weight: 1, kind: "detection" }]));
}

function timing({ iteration, iterations, started }: Moment, batch: Batch) {
  const seconds = (performance.now() - started) / 1000;
  return { iteration, iterations, seconds, imagesPerSecond: batch.targets.length / seconds };
}

function summarise(terms: Terms, losses: Readonly<Record<string, number>>) {
  const names = Object.keys(losses);
  const weighted = Object.fromEntries(names.map((name) => [name, terms[name].weight * losses[name]]));
  const total = Object.values(weighted).reduce((sum, value) => sum + value, 0);
  const shares = Object.fromEntries(names.map((name) => [name, weighted[name] / total]));
  const distilled = names.filter((name) => terms[name].kind === "distillation");
  return {
    losses, weighted, total, shares,
    distillShare: distilled.reduce((sum, name) => sum + shares[name], 0),
    lambda: distilled.length > 0 ? terms[distilled[0]].weight : 0,
  };
}
