import { loadBackend } from "../backend/load.ts";
import type { BackendInfo } from "../backend/load.ts";
import { cached } from "../data/cached.ts";
import { openCocoFolder } from "../data/coco-folder.ts";
import type { Dataset } from "../data/dataset.ts";
import { syntheticScenes } from "../data/synthetic.ts";
import { experimentSteps, runPlace } from "../papers/build.ts";
import type { Experiment } from "../papers/experiment.ts";
import { calibrationExperiment, calibrationInterval, calibrationSetting } from "../papers/sssd.ts";
import type { CalibrationProbe, CalibrationSetting, Profile } from "../papers/sssd.ts";
import { runResult } from "../train/run.ts";
import type { Step } from "../train/step.ts";
import { searchLambda } from "./search.ts";
import type { SearchOptions, SearchState } from "./search.ts";
import { secantLambda } from "./secant.ts";
import type { Probe } from "./search.ts";
import { meanShare, observedEstimate } from "./share.ts";

export interface StudyOptions {
  readonly profile: Profile;
  /** A COCO-format folder, or `synthetic`. */
  readonly data: string;
  /** Iterations per probe; default the profile's. */
  readonly iterations?: number;
  /** Folder of the cached runs; default `runs`. */
  readonly runs?: string;
  readonly requireGpu?: boolean;
  /** Only what has been trained is read; a training that is not there is an error. Default false. */
  readonly readOnly?: boolean;
}

/** λ* by reading of the distance, estimated at one channel count from one LGD run. */
export interface ReadingEstimates {
  readonly channels: number;
  /** LGD's mean share at λ = 1: what every reading is to reach. */
  readonly target: number;
  /** λ* by reading's name. */
  readonly lambda: Readonly<Record<string, number>>;
}

/** The calibration of SSSD section 3.2 on one dataset in one profile; every run in it is cached. */
export interface CalibrationStudy {
  readonly profile: Profile;
  readonly setting: CalibrationSetting;
  /** What is trained on. */
  readonly dataset: Dataset;
  readonly environment: BackendInfo;
  /** Training steps of one probe. */
  steps(probe: CalibrationProbe, seed: number): AsyncGenerator<Step, void>;
  /** Binary search for SSSD's λ with a given mean share. */
  search(target: number, seed: number, options?: Partial<SearchOptions>): AsyncGenerator<SearchState, void>;
  /** The same by secant steps on the logit scale. */
  secant(target: number, seed: number, options?: { readonly tolerance?: number; readonly interval?: readonly [number, number] }): AsyncGenerator<Probe, void>;
  /** LGD at this channel count with every reading of the ambiguous distance observed on the same maps: for `estimateReadings`. */
  observe(channels: number, seed: number): AsyncGenerator<Step, void>;
}

/** All items of an async iterable. */
export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** Images of the synthetic training set of a profile. */
const syntheticImages = 400;

async function openData(data: string): Promise<Dataset> {
  if (data === "synthetic") return syntheticScenes({ images: syntheticImages, size: 96, seed: 1 });
  return (await openCocoFolder(data)).train;
}

/**
 * Opens the data and TensorFlow; trains nothing yet.
 * @throws DatasetError for unusable data; Error when a GPU is required and absent
 */
export async function calibrationStudy(options: StudyOptions): Promise<CalibrationStudy> {
  const { profile, data, runs = "runs", requireGpu = false, readOnly = false } = options;
  const environment = await loadBackend({ requireGpu });
  const dataset = cached(await openData(data));
  const longEdge = dataset.images.reduce((edge, { width, height }) => Math.max(edge, width, height), 0);
  const chosen = calibrationSetting(profile, longEdge);
  const setting = { ...chosen, iterations: options.iterations ?? chosen.iterations };
  const steps = async function* (probe: CalibrationProbe, seed: number): AsyncGenerator<Step, void> {
    const [experiment, place] = [calibrationExperiment(setting, probe), { dataset, seed, runs, requireGpu }];
    if (readOnly) await requireFinished(experiment, place);
    yield* experimentSteps(experiment, { ...place, keepWeights: false });
  };
  const share = async (lambda: number, seed: number) => meanShare(await collect(steps({ method: "sssd", lambda }, seed)));
  return {
    profile, setting, dataset, environment, steps,
    search: (target, seed, search = {}) => searchLambda({ interval: calibrationInterval, ...search, target, probe: (lambda) => share(lambda, seed) }),
    secant: (target, seed, secant = {}) => secantLambda({ interval: calibrationInterval, ...secant, target, probe: (lambda) => share(lambda, seed) }),
    observe: (channels, seed) => steps({ method: "lgd", lambda: 1, channels, observe: true }, seed),
  };
}

/** @throws Error where nobody has trained it to its end */
async function requireFinished(experiment: Experiment, place: Parameters<typeof runPlace>[1]): Promise<void> {
  const { folder } = await runPlace(experiment, place);
  if (runResult(folder) === undefined) throw new Error(`${experiment.name} at λ = ${experiment.method!.lambda![0][1]} has not been trained with seed ${place.seed}`);
}

/** λ* of each observed reading: the λ at which it would have the share that LGD's own distance had in this run. */
export function estimateReadings(channels: number, steps: readonly Step[]): ReadingEstimates {
  const target = meanShare(steps);
  const names = Object.keys(steps[0]?.observed ?? {}).filter((name) => name !== "mse");
  const lambda = (name: string) => observedEstimate(steps, steps.map(({ observed }) => observed![name]), target);
  return { channels, target, lambda: Object.fromEntries(names.map((name) => [name, lambda(name)])) };
}
