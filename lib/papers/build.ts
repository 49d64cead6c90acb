import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { loadBackend } from "../backend/load.ts";
import { batches } from "../data/batches.ts";
import type { Dataset } from "../data/dataset.ts";
import { retinanet } from "../detector/retinanet.ts";
import { distillers } from "../distill/index.ts";
import type { Distiller, LabelGuided } from "../distill/index.ts";
import { withoutTape } from "../tensor/stop-gradient.ts";
import { runSteps } from "../train/run.ts";
import type { BuiltTraining } from "../train/run.ts";
import { learningRate, stepwise } from "../train/schedule.ts";
import type { Step } from "../train/step.ts";
import { training } from "../train/training.ts";
import { fingerprint } from "./experiment.ts";
import type { Experiment } from "./experiment.ts";

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
}

/** The steps of an experiment: read from its run directory when it is finished, continued when it is not. */
export async function* experimentSteps(experiment: Experiment, options: ExperimentOptions): AsyncGenerator<Step, void> {
  const { dataset, seed, runs = "runs", requireGpu = false, keepWeights = true, checkpointEvery } = options;
  const identity = fingerprint(experiment, dataset.hash, await loadBackend({ requireGpu }));
  yield* runSteps({
    folder: join(runs, experiment.name, identity, `seed-${seed}`),
    fingerprint: `${identity}/${seed}`,
    config: { ...experiment, seed, data: { ...experiment.data, name: dataset.name, hash: dataset.hash } },
    iterations: experiment.training.iterations,
    keepWeights,
    ...(checkpointEvery !== undefined && { checkpointEvery }),
    build: () => buildTraining(experiment, options),
  });
}

/** Detector, method, data and optimiser of an experiment, ready to train. */
export async function buildTraining(experiment: Experiment, { dataset, seed, requireGpu = false }: ExperimentOptions): Promise<BuiltTraining> {
  const environment = await loadBackend({ requireGpu });
  const parts = buildModel(experiment, { dataset, seed });
  const { data, training: settings } = experiment;
  const { learningRate: rate, iterations, ...optimiser } = settings;
  const run = training({
    ...parts,
    iterations,
    batches: (from) => batches(dataset, { ...data, seed, from }),
    optimiser: { ...optimiser, learningRate: learningRate(rate) },
  });
  return {
    environment, training: run,
    dispose: () => {
      run.dispose();
      parts.distiller?.dispose();
      parts.detector.dispose();
    },
  };
}

function buildModel({ detector: options, method }: Experiment, { dataset, seed }: Pick<ExperimentOptions, "dataset" | "seed">) {
  const detector = retinanet({ ...options, classes: dataset.categories.length, seed });
  if (method === undefined) return { detector };
  const { channels, classes } = detector;
  const distiller = distillers[method.name]({ ...method.options, channels, classes, seed, weight: stepwise(method.lambda) });
  return { detector, distiller: method.observe ? observed(distiller) : distiller };
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
