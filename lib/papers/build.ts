import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { loadBackend } from "../backend/load.ts";
import { batches } from "../data/batches.ts";
import type { Dataset } from "../data/dataset.ts";
import type { Detector } from "../detector/detector.ts";
import type { Distiller, LabelGuided } from "../distill/index.ts";
import { withoutTape } from "../tensor/stop-gradient.ts";
import { runSteps } from "../train/run.ts";
import type { BuiltTraining } from "../train/run.ts";
import { optimiserOf } from "../train/recipe.ts";
import type { Step } from "../train/step.ts";
import { training } from "../train/training.ts";
import { buildDetector, segments } from "./detectors.ts";
import { fingerprint } from "./experiment.ts";
import type { Experiment } from "./experiment.ts";
import { buildMethod, isLabelGuided } from "./method.ts";
import { findWeights, startFrom, weightsIdentity } from "./weights.ts";
import type { WeightsSource } from "./weights.ts";

export interface ExperimentOptions {
  /** The data it trains on. */
  readonly dataset: Dataset;
  /** Weights, batch order and augmentation follow from it. */
  readonly seed: number;
  /** Folder of all runs; default `runs`. */
  readonly runs?: string;
  readonly requireGpu?: boolean;
  /** Keep the trained weights; default true. */
  readonly keepWeights?: boolean;
  /** Iterations between checkpoints; default 200. */
  readonly checkpointEvery?: number;
  /** Where weights are kept and fetched from; default the user's cache and `POTSTILL_WEIGHTS_MIRROR`. */
  readonly weights?: WeightsSource;
}

/** The steps of an experiment: read from its run directory when it is finished, continued when it is not. */
export async function* experimentSteps(experiment: Experiment, options: ExperimentOptions): AsyncGenerator<Step, void> {
  const { seed, requireGpu = false, keepWeights = true, checkpointEvery } = options;
  const { folder, identity, shown } = await runPlace(experiment, { ...options, requireGpu });
  yield* runSteps({
    folder,
    fingerprint: `${identity}/${seed}`,
    config: shown,
    iterations: experiment.training.iterations,
    keepWeights,
    ...(checkpointEvery !== undefined && { checkpointEvery }),
    build: () => buildTraining(experiment, options),
  });
}

/** Where an experiment's run lies, what it is named after, and what its `config.json` shows. */
export async function runPlace(experiment: Experiment, { dataset, seed, runs = "runs", requireGpu = false }: Pick<ExperimentOptions, "dataset" | "seed" | "runs" | "requireGpu">): Promise<{ readonly folder: string; readonly identity: string; readonly shown: object }> {
  const environment = await loadBackend({ requireGpu });
  const { weights, ...own } = experiment;
  const known = { ...own, ...(weights !== undefined && { weights: await weightsIdentity(weights) }) };
  const identity = fingerprint(known, dataset.hash, environment);
  return {
    folder: join(runs, experiment.name, identity, `seed-${seed}`),
    identity,
    shown: { ...known, seed, data: { ...experiment.data, name: dataset.name, hash: dataset.hash } },
  };
}

/**
 * Detector, method, data and optimiser of an experiment, ready to train.
 * @throws Error when its weights are neither there nor to be had, or do not fit; nothing is left behind
 */
export async function buildTraining(experiment: Experiment, options: ExperimentOptions): Promise<BuiltTraining> {
  const { dataset, seed, requireGpu = false } = options;
  const environment = await loadBackend({ requireGpu });
  const { data: { masks = "bitmap", ...data }, training: settings, weights } = experiment;
  const found = weights === undefined ? undefined : await findWeights(weights, options.weights);
  const parts = buildModel(experiment, { dataset, seed });
  const dispose = () => {
    parts.distiller?.dispose();
    parts.detector.dispose();
  };
  try {
    const started = found && { weights: startFrom(parts.detector, weights!, { found, transforms: data.transforms }) };
    const run = training({
      ...parts,
      iterations: settings.iterations,
      batches: (from) => batches(dataset, { ...data, seed, from, ...(segments(experiment.detector) && { masks }) }),
      optimiser: optimiserOf(settings),
    });
    return { environment, training: run, ...(started && { started }), dispose: () => { run.dispose(); dispose(); } };
  } catch (error) {
    dispose();
    throw error;
  }
}

function buildModel({ detector: spec, method }: Experiment, { dataset, seed }: Pick<ExperimentOptions, "dataset" | "seed">): { readonly detector: Detector; readonly distiller?: Distiller } {
  const detector = buildDetector(spec, { classes: dataset.categories.length, seed });
  if (method === undefined) return { detector };
  try {
    const distiller = buildMethod(method, { student: detector, seed });
    return { detector, distiller: method.observe && isLabelGuided(distiller) ? observed(distiller) : distiller };
  } catch (error) {
    detector.dispose();
    throw error;
  }
}

/** The same method, which also reports its readings at every step; nothing of them stays for the backward pass. */
function observed(distiller: LabelGuided): Distiller {
  return {
    ...distiller,
    loss: (student, hints, batch, context) => {
      const readings = withoutTape(() => distiller.readings(student, batch));
      const terms = Object.entries(readings).map(([name, value]) => [name, { value: tf.scalar(value), weight: 0, kind: "observation" as const }] as const);
      return { ...distiller.loss(student, hints, batch, context), ...Object.fromEntries(terms) };
    },
  };
}
