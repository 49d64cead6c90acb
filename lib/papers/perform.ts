import { setTimeout as sleep } from "node:timers/promises";
import { cancelPoint } from "../backend/cancel.ts";
import type { Dataset } from "../data/dataset.ts";
import { refreshRecord } from "../provenance/record.ts";
import { BusyError } from "../train/atomic.ts";
import { runResult } from "../train/run.ts";
import { experimentSteps, runPlace, type Validate } from "./build.ts";
import { segments } from "./detectors.ts";
import { cachedEntropies, entropiesOf, keepEntropies } from "./entropy-cache.ts";
import { lookImages, looks } from "./looking.ts";
import { isTrained } from "./experiment.ts";
import type { Measure, PlannedRun } from "./plan.ts";
import { forgetProblem, isInterrupt, recordProblem } from "./run-problem.ts";
import { cachedScores, keepScores, scoresOf } from "./score-cache.ts";
import { openTrained } from "./trained.ts";

/** Where planned runs are done. */
export interface Workplace {
  readonly train: Dataset;
  readonly validation: Dataset;
  /** Folder of all runs. */
  readonly runs: string;
  readonly requireGpu?: boolean;
}

/** What a run is doing. */
export interface RunMoment {
  readonly phase: "training" | "measuring";
  /** Iterations done. */
  readonly iteration: number;
  readonly iterations: number;
  /** Of the last iteration; absent for those of earlier sittings. */
  readonly seconds?: number;
}

/** Another process trains the run; it is asked for again. */
export interface WaitingMoment {
  readonly phase: "waiting";
  /** "process 7 on host". */
  readonly holder: string;
}

/**
 * The folder of a planned run, once everything before it has been trained.
 * @throws Error when weights or a teacher that name it are missing
 */
export async function folderOfRun({ experiment, seed }: Pick<PlannedRun, "experiment" | "seed">, { train, runs, requireGpu = false }: Omit<Workplace, "validation">): Promise<string> {
  return (await runPlace(experiment, { dataset: train, seed, runs, requireGpu })).folder;
}

/** Whether a run's training and everything that is measured of it is there. */
export function isComplete({ measures }: PlannedRun, folder: string, place: Workplace): boolean {
  return runResult(folder) !== undefined && measures.every((measure) => isMeasured(measure, folder, place));
}

function isMeasured(measure: Measure, folder: string, { validation }: Pick<Workplace, "validation">): boolean {
  return (measure.kind === "score" ? cachedScores(folder, { ...measure, validation }) : cachedEntropies(folder, { ...measure, validation })) !== undefined;
}

/**
 * Trains and measures a planned run, or as much of it as is not there yet. What comes before it must have been trained.
 * Leaving the loop early keeps a state to continue from; another failure is recorded in the run's folder.
 * @throws BusyError while another process trains it, of which nothing is recorded; Error of the training or the scoring; the
 * signal's reason once it is aborted
 */
export async function* performRun(planned: PlannedRun, place: Workplace, signal?: AbortSignal): AsyncGenerator<RunMoment, void> {
  signal?.throwIfAborted();
  const folder = await folderOfRun(planned, place);
  try {
    if (!isComplete(planned, folder, place)) yield* work(planned, folder, { ...place, ...(signal && { signal }) });
    forgetProblem(folder);
    await refreshRecord(folder);
  } catch (error) {
    if (!isInterrupt(error, signal) && !(error instanceof BusyError)) tryToRecord(folder, error as Error);
    throw error;
  }
}

/** On a full disk the failure itself is the one to tell. */
function tryToRecord(folder: string, { message }: Error): void {
  try {
    recordProblem(folder, message);
  } catch {
    // it is thrown to whoever asked for the run
  }
}

/** Milliseconds until a run that another process trains is asked for again, in parts that hear an interrupt. */
const [patience, part] = [3000, 200];

/**
 * As `performRun`; for a run that another process trains it waits, and takes its result, or trains it when that process is gone.
 * @throws as `performRun`, but for BusyError
 */
export async function* performInTurn(planned: PlannedRun, place: Workplace, signal?: AbortSignal): AsyncGenerator<RunMoment | WaitingMoment, void> {
  for (;;) {
    try {
      return yield* performRun(planned, place, signal);
    } catch (error) {
      if (!(error instanceof BusyError)) throw error;
      yield { phase: "waiting", holder: error.holder };
    }
    for (let waited = 0; waited < patience; waited += part) {
      cancelPoint();
      await sleep(part, undefined, signal && { signal });
    }
  }
}

async function* work({ experiment, seed, measures }: PlannedRun, folder: string, place: Workplace & { readonly signal?: AbortSignal }): AsyncGenerator<RunMoment, void> {
  const { iterations } = experiment.training;
  forgetProblem(folder);
  if (runResult(folder) === undefined) yield* trained({ experiment, seed }, place);
  for (const measure of measures) {
    place.signal?.throwIfAborted();
    yield { phase: "measuring", iteration: iterations, iterations };
    await measured(measure, folder, place);
  }
}

async function* trained({ experiment, seed }: Pick<PlannedRun, "experiment" | "seed">, { train, runs, requireGpu = false, validation, signal }: Workplace & { readonly signal?: AbortSignal }): AsyncGenerator<RunMoment, void> {
  let first = Infinity;
  const options = { dataset: train, seed, runs, requireGpu, validate: looking(experiment, validation), onStart: (iteration: number) => { first = iteration; } };
  for await (const { iteration, iterations, seconds } of experimentSteps(experiment, options)) {
    signal?.throwIfAborted();
    if (iteration >= first) yield { phase: "training", iteration: iteration + 1, iterations, seconds };
  }
}

/** AP of boxes, and of masks where there are some, on a fixed few images. */
function looking(experiment: PlannedRun["experiment"], validation: Dataset): Validate {
  const { data: { transforms }, training: { iterations } } = experiment;
  const conventions = { validation, transforms };
  const images = Math.min(lookImages(experiment), validation.images.length);
  return {
    at: Array.from({ length: isTrained(experiment) ? looks : 0 }, (_, i) => Math.ceil(((i + 1) * iterations) / looks)),
    look: async (detector): Promise<Record<string, number>> => {
      const { AP = 0 } = await scoresOf(detector, { ...conventions, of: "boxes" }, images);
      if (!segments(experiment.detector)) return { AP, images };
      const { AP: maskAP = 0 } = await scoresOf(detector, { ...conventions, of: "masks" }, images);
      return { AP, maskAP, images };
    },
  };
}

async function measured(measure: Measure, folder: string, { validation }: Pick<Workplace, "validation">): Promise<void> {
  if (isMeasured(measure, folder, { validation })) return;
  const { detector } = await openTrained(folder, { dataset: validation });
  try {
    if (measure.kind === "score") keepScores(folder, { ...measure, validation }, await scoresOf(detector, { ...measure, validation }));
    else keepEntropies(folder, { ...measure, validation }, await entropiesOf(detector, { ...measure, validation }));
  } finally {
    detector.dispose();
  }
}
