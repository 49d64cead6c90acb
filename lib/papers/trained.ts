import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Dataset } from "../data/dataset.ts";
import type { Transforms } from "../data/transforms.ts";
import type { Detector } from "../detector/detector.ts";
import { loadWeights } from "../detector/weights/load.ts";
import { weightsPath } from "../train/run.ts";
import { experimentOf } from "./config.ts";
import { buildDetector } from "./detectors.ts";
import type { Experiment } from "./experiment.ts";
import { restoreDetector } from "./teacher.ts";
import { findWeights, specOf, startFrom, type WeightsSource, type WeightsSpec } from "./weights.ts";

/** A detector with all its weights, and how its images are prepared. */
export interface Trained {
  readonly detector: Detector;
  readonly transforms: Transforms;
  /** The file that the weights are from. */
  readonly from: string;
}

export interface TrainedOptions {
  /** What it is to look at. */
  readonly dataset: Dataset;
  /** Weights of the whole detector: a file, or a name of the catalogue. Default what the run has, or the configuration says. */
  readonly weights?: string;
  readonly source?: WeightsSource;
}

/**
 * A detector that was trained: by `potstill train` (its folder), or elsewhere (a training's JSON file, and its weights).
 * The caller disposes it.
 * @throws Error when there are no weights for all of it, or the dataset has other classes; nothing is left behind
 */
export async function openTrained(path: string, options: TrainedOptions): Promise<Trained> {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) throw new Error(`there is neither a run's folder nor a file ${path}; potstill train prints the folder of a run`);
  return found.isDirectory() ? fromRun(path, options) : fromConfig(path, options);
}

interface RunConfig {
  readonly detector: Experiment["detector"];
  readonly data: { readonly transforms: Transforms; readonly classes: readonly string[] };
}

function runConfig(folder: string): RunConfig {
  const path = join(folder, "config.json");
  if (!existsSync(path)) throw new Error(`${folder} is no run: it has no config.json. potstill train prints the folder of a run`);
  const { config } = JSON.parse(readFileSync(path, "utf8")) as { readonly config?: Partial<RunConfig> };
  if (config?.detector === undefined || config.data?.classes === undefined) throw new Error(`${path} does not say what was trained on which classes`);
  return config as RunConfig;
}

async function fromRun(folder: string, { dataset, weights, source }: TrainedOptions): Promise<Trained> {
  const { detector: spec, data: { transforms, classes } } = runConfig(folder);
  requireClasses(classes, dataset);
  if (weights !== undefined) return withWeights({ detector: spec, transforms }, { from: weights, part: "detector" }, { classes: classes.length, source });
  const [own, checkpoint] = [weightsPath(folder), join(folder, "checkpoint", "state.safetensors")];
  const from = [own, checkpoint].find((file) => existsSync(file));
  if (from === undefined) throw new Error(`${folder} has no weights yet (${own}). Train it with the command that started it`);
  return filled(buildDetector(spec, { classes: classes.length, seed: 0 }), { transforms, from }, (detector) => from === own ? loadWeights(detector, from) : restoreDetector(detector, from));
}

async function fromConfig(path: string, { dataset, weights, source }: TrainedOptions): Promise<Trained> {
  const { detector, data: { transforms }, weights: own } = experimentOf(JSON.parse(readFileSync(path, "utf8")), { dataset, name: "detect" });
  const spec: WeightsSpec | undefined = weights !== undefined ? { from: weights, part: "detector" } : own === undefined ? undefined : specOf(own);
  if (spec?.part !== "detector") throw new Error(`${path} names no weights for the whole detector. Give the folder that potstill train printed, or --weights FILE, or "weights": {"from": FILE, "part": "detector"}`);
  return withWeights({ detector, transforms }, spec, { classes: dataset.categories.length, source });
}

async function withWeights({ detector: spec, transforms }: { readonly detector: Experiment["detector"]; readonly transforms: Transforms }, weights: WeightsSpec, { classes, source }: { readonly classes: number; readonly source: WeightsSource | undefined }): Promise<Trained> {
  const found = await findWeights(weights, source);
  return filled(buildDetector(spec, { classes, seed: 0 }), { transforms, from: found.path }, (detector) => startFrom(detector, weights, { found, transforms }));
}

function filled(detector: Detector, rest: Omit<Trained, "detector">, fill: (detector: Detector) => unknown): Trained {
  try {
    fill(detector);
    return { detector, ...rest };
  } catch (error) {
    detector.dispose();
    throw error;
  }
}

function requireClasses(classes: readonly string[], { name, categories }: Pick<Dataset, "name" | "categories">): void {
  const there = categories.map((category) => category.name);
  if (classes.join("\n") === there.join("\n")) return;
  throw new Error(`the detector was trained on ${classes.length} classes (${classes.slice(0, 5).join(", ")}${classes.length > 5 ? ", …" : ""}), ${name} has ${there.length} (${there.slice(0, 5).join(", ")}${there.length > 5 ? ", …" : ""}); give data of the same categories in the same order`);
}
