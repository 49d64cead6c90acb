import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { BackendInfo } from "../backend/info.ts";
import { makeFolder } from "../backend/setup/make-folder.ts";
import { isoTime } from "../provenance/times.ts";
import { claim, claimedBy, writeAtomic } from "./atomic.ts";
import { restoreCheckpoint, saveCheckpoint } from "./checkpoint.ts";
import { appendMetric, readMetrics, truncateMetrics } from "./metrics.ts";
import type { Step } from "./step.ts";
import type { Training } from "./training.ts";
import { appendLook, readLooks, truncateLooks } from "./validation.ts";

export interface RunOptions {
  /** `runs/<experiment>/<config hash>/seed-<n>`; made if absent. */
  readonly folder: string;
  /** Identifies the configuration; a checkpoint of another one is refused. */
  readonly fingerprint: string;
  /** What `config.json` shows. */
  readonly config: unknown;
  readonly iterations: number;
  /** Iterations between checkpoints; default 200. */
  readonly checkpointEvery?: number;
  /** Iterations done after which `BuiltTraining.look` is asked, its answer kept in `validation.jsonl`. */
  readonly lookAt?: readonly number[];
  /** Keep the last checkpoint of a finished run; default true. Calibration probes need only their metrics. */
  readonly keepWeights?: boolean;
  /** Told the first iteration that is trained now (those before it are read from the folder); not called for a finished run. */
  readonly onStart?: (iteration: number) => void;
  /** Builds the training when there is something to train. */
  readonly build: () => Promise<BuiltTraining>;
  /** Keeps beside the run where it came from. */
  readonly recorder?: RunRecorder;
}

/** Told of a run's life while its folder is claimed; of one that was finished before, while it is read. */
export interface RunRecorder {
  /** A sitting begins. */
  began(): Promise<void>;
  /** Its result is there; `before` this process came. */
  finished(how: { readonly before: boolean }): Promise<void>;
  /** A sitting ended without the result. */
  failed(error: unknown): Promise<void>;
}

export interface BuiltTraining {
  readonly training: Training;
  readonly environment: BackendInfo;
  /** What it started from, for `config.json`: weights by name and hash. */
  readonly started?: object;
  /** Writes the trained detector's weights to a file. */
  readonly saveWeights?: (path: string) => void;
  /** Numbers about the detector as it is after so many iterations; must change nothing. */
  readonly look?: (iteration: number) => Promise<Readonly<Record<string, number>>>;
  /** Disposes training, detector and method. */
  dispose(): void;
}

/** What `result.json` holds once a run is finished. */
export interface RunResult {
  readonly status: "finished";
  readonly iterations: number;
  /** Seconds spent in steps, over all sittings. */
  readonly seconds: number;
  readonly imagesPerSecond: number;
  /** When its last step was done; runs of older versions do not say it. */
  readonly ended?: string;
  /** Highest resident set of the process that finished the run. */
  readonly peakMemoryBytes: number;
  readonly environment: BackendInfo;
}

/**
 * The steps of a run directory: stored ones first, then newly trained ones; a finished run is never trained again and an
 * interrupted one continues at its last checkpoint, to the same bits. Leaving the loop early keeps a resumable state.
 * @throws BusyError when another live process trains the same folder; Error when a file is broken, or a loss is not finite
 */
export async function* runSteps(options: RunOptions): AsyncGenerator<Step, void> {
  const { folder, recorder } = options;
  const metrics = join(folder, "metrics.jsonl");
  if (runResult(folder) !== undefined) {
    await recorder?.finished({ before: true });
    yield* readMetrics(metrics);
    return;
  }
  const claimed = claim(lockPath(folder));
  try {
    writeConfig(options);
    await recorder?.began();
    for await (const step of continueRun(options, metrics)) {
      claimed.beat();
      yield step;
    }
  } catch (error) {
    await recorder?.failed(error);
    throw error;
  } finally {
    try {
      if (runResult(folder) !== undefined) await recorder?.finished({ before: false });
    } finally {
      claimed.release();
    }
  }
}

const lockPath = (folder: string): string => join(folder, "lock");

/** The live process that trains in a run's folder now ("process 7 on host"), or undefined. */
export function trainedBy(folder: string): string | undefined {
  return claimedBy(lockPath(folder));
}

/** Where a finished run that keeps its weights has them, for `loadWeights` and other programs. */
export function weightsPath(folder: string): string {
  return join(folder, "weights.safetensors");
}

/** The result of a finished run, or undefined. */
export function runResult(folder: string): RunResult | undefined {
  const path = join(folder, "result.json");
  if (!existsSync(path)) return undefined;
  try {
    return JSON.parse(readFileSync(path, "utf8")) as RunResult;
  } catch (error) {
    throw new Error(`${path} is not JSON. Remove the run's folder to train it again`, { cause: error });
  }
}

async function* continueRun(options: RunOptions, metrics: string): AsyncGenerator<Step, void> {
  const { folder, fingerprint, iterations, checkpointEvery = 200, keepWeights = true } = options;
  const looks = join(folder, "validation.jsonl");
  const checkpoints = join(folder, "checkpoint");
  const checkpoint = join(checkpoints, "state.safetensors");
  makeFolder(checkpoints);
  const built = await options.build();
  try {
    if (built.started) writeConfig(options, built.started);
    const start = restoreCheckpoint(checkpoint, built.training, fingerprint);
    const stored = readMetrics(metrics);
    if (stored.length < start) throw new Error(`${metrics} holds ${stored.length} iterations, the checkpoint ${start}. Remove the run's folder to train it again`);
    truncateMetrics(metrics, stored, start);
    truncateLooks(looks, start);
    options.onStart?.(start);
    yield* stored.slice(0, start);
    let saved = start;
    const save = () => {
      saveCheckpoint(checkpoint, built.training, fingerprint);
      saved = built.training.iteration;
    };
    const complete = () => {
      if (keepWeights) built.saveWeights?.(weightsPath(folder));
      finish(options, built, readMetrics(metrics));
      if (!keepWeights) rmSync(checkpoints, { recursive: true, force: true });
    };
    const look = async (done: number) => {
      if (built.look === undefined || !options.lookAt?.includes(done)) return;
      if (readLooks(looks).at(-1)?.iteration !== done) appendLook(looks, { ...(await built.look(done)), iteration: done });
    };
    await look(start); // killed while it looked
    if (start === iterations) { // killed between the last checkpoint and the result, or there is nothing to train
      if (iterations === 0 && keepWeights) save();
      complete();
    }
    try {
      for await (const step of built.training.steps()) {
        appendMetric(metrics, step);
        const done = step.iteration + 1;
        await look(done); // before the checkpoint: what is resumed has been looked at
        if (done === iterations ? keepWeights : done % checkpointEvery === 0) save();
        if (done === iterations) complete();
        yield step;
      }
    } finally {
      // A step is done whole or not at all, so what an interrupt or an error leaves is a state to resume from.
      const { iteration } = built.training;
      if (iteration > saved && iteration < iterations) save();
    }
  } finally {
    built.dispose();
  }
}

function writeConfig({ folder, fingerprint, config }: RunOptions, started?: object): void {
  writeAtomic(join(folder, "config.json"), `${JSON.stringify({ fingerprint, config, ...(started && { started }) }, null, 2)}\n`);
}

function finish({ folder, iterations }: RunOptions, { environment }: BuiltTraining, steps: readonly Step[]): void {
  if (steps.length !== iterations) throw new Error(`${folder} holds ${steps.length} of ${iterations} iterations. Remove it to train again`);
  const seconds = steps.reduce((sum, step) => sum + step.seconds, 0);
  const images = steps.reduce((sum, step) => sum + step.imagesPerSecond * step.seconds, 0);
  const { binding: _path, ...recorded } = environment; // a path of this machine is nobody else's business
  const result: RunResult = {
    status: "finished",
    iterations: steps.length,
    seconds,
    imagesPerSecond: seconds > 0 ? images / seconds : 0,
    ended: isoTime(Date.now()),
    peakMemoryBytes: process.resourceUsage().maxRSS * 1024,
    environment: recorded,
  };
  writeAtomic(join(folder, "result.json"), `${JSON.stringify(result, null, 2)}\n`);
}
