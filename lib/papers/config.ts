import type { Dataset } from "../data/dataset.ts";
import { trainable } from "../data/order.ts";
import { checkTransforms } from "../data/transforms.ts";
import { recipeSettings, type TrainingSettings } from "../train/recipe.ts";
import { detectorKinds, recipeOf, type DetectorKind, type DetectorSpec } from "./detectors.ts";
import type { Experiment } from "./experiment.ts";
import { checkAllowed } from "./concerns.ts";
import { checkMethod } from "./method.ts";
import { checkTeacher } from "./teacher.ts";

/** An experiment with what may be left to the recipe of its detector's preset. */
export interface TrainConfig extends Partial<Pick<Experiment, "name" | "weights" | "method" | "teacher" | "inherit" | "allow">> {
  /** A kind alone means its `tiny` preset. */
  readonly detector: DetectorKind | DetectorSpec;
  /** Default: the recipe's images and batch size, without images that have no object. */
  readonly data?: Partial<Experiment["data"]>;
  /** Default: the recipe's, for this batch size; `iterations` shrinks or stretches all of it, other entries replace their own. */
  readonly training?: Partial<Omit<TrainingSettings, "learningRate">> & { readonly learningRate?: Partial<TrainingSettings["learningRate"]> };
}

const allowed = {
  config: ["name", "detector", "weights", "teacher", "inherit", "method", "data", "training", "allow"],
  data: ["transforms", "batchSize", "masks", "dropEmpty"],
  "data.transforms": ["crop", "resize", "flip", "verticalFlip", "padTo", "normalise"],
  training: ["iterations", "learningRate", "optimiser", "momentum", "betas", "epsilon", "weightDecay", "clipValue", "clipNorm", "biases", "norms", "groupFactors", "frozenUntil"],
  "training.learningRate": ["base", "warmup", "warmupKind", "warmupFactor", "drops", "gamma"],
  method: ["name", "options", "lambda", "ramp", "from", "until", "observe"],
  weights: ["from", "part", "optional"],
} as const;

/** @throws Error when a value is no record, or has a key that nobody reads */
function requireRecord(value: unknown, what: keyof typeof allowed): void {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new Error(`${what} must be a record, received ${JSON.stringify(value) ?? "nothing"}`);
  const known: readonly string[] = allowed[what];
  const unknown = Object.keys(value).filter((key) => !known.includes(key));
  if (unknown.length > 0) throw new Error(`${what} has no entry ${unknown.map((key) => `"${key}"`).join(", ")}; allowed: ${known.join(", ")}`);
}

function checked(config: unknown): TrainConfig {
  requireRecord(config, "config");
  const given = config as TrainConfig;
  const parts = { data: given.data, "data.transforms": given.data?.transforms, training: given.training, "training.learningRate": given.training?.learningRate, method: given.method };
  for (const [what, value] of Object.entries(parts)) if (value !== undefined) requireRecord(value, what as keyof typeof parts);
  if (given.method !== undefined) checkMethod(given.method);
  if (given.teacher !== undefined) checkTeacher(given.teacher);
  checkAllowed(given.allow);
  if (given.weights !== undefined && typeof given.weights !== "string") requireRecord(given.weights, "weights");
  if (given.name !== undefined && !/^[\w-][\w.-]*(?:\/[\w-][\w.-]*)*$/.test(given.name)) throw new Error(`name is ${JSON.stringify(given.name)}; it must be a folder below the runs, as "mine/fcos-r50"`);
  return given;
}

/**
 * The experiment that a configuration describes on a dataset: what it leaves out is its preset's recipe.
 * @param name where it has none of its own
 * @throws Error naming the entry that is unknown or impossible
 */
export function experimentOf(config: unknown, { dataset, name }: { readonly dataset: Dataset; readonly name: string }): Experiment {
  const { detector: asked, data = {}, training = {}, name: own = name, weights, method, teacher, inherit, allow } = checked(config);
  if (typeof asked !== "string" && (typeof asked !== "object" || asked === null)) throw new Error(`detector must be one of ${detectorKinds.join(", ")}, or a record with "kind" and "preset"`);
  const detector = typeof asked === "string" ? ({ kind: asked } as DetectorSpec) : asked;
  const { input, schedule } = recipeOf(detector);
  const { transforms = input.train, batchSize = schedule.batchSize, dropEmpty = true, masks } = data;
  checkTransforms(transforms);
  const images = trainable(dataset, dropEmpty).length;
  const { clipValue, clipNorm, ...recipe } = recipeSettings(schedule, { images, batchSize, ...(training.iterations !== undefined && { iterations: training.iterations }) });
  const clips = training.clipValue === undefined && training.clipNorm === undefined ? { ...(clipValue !== undefined && { clipValue }), ...(clipNorm !== undefined && { clipNorm }) } : {};
  return {
    name: own,
    detector,
    ...(weights !== undefined && { weights }),
    ...(teacher && { teacher }),
    ...(inherit !== undefined && { inherit }),
    ...(method && { method }),
    ...(allow && { allow }),
    data: { transforms, batchSize, dropEmpty, ...(masks && { masks }) },
    training: { ...recipe, ...clips, ...training, learningRate: { ...recipe.learningRate, ...training.learningRate } },
  };
}
