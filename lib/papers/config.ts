import type { Dataset } from "../data/dataset.ts";
import { trainable } from "../data/order.ts";
import { checkTransforms } from "../data/transforms.ts";
import { recipeSettings, type TrainingSettings } from "../train/recipe.ts";
import { detectorKinds, detectorTitle, recipeOf, segments, type DetectorKind, type DetectorSpec } from "./detectors.ts";
import type { Experiment } from "./experiment.ts";
import { checkAllowed } from "./concerns.ts";
import { checkEncoder, requireEncoder } from "./encoder.ts";
import { requireMasks } from "./masks.ts";
import { checkMethod } from "./method.ts";
import { checkTeacher } from "./teacher.ts";
import { specOf } from "./weights.ts";

/** An experiment with what may be left to the recipe of its detector's preset. */
export interface TrainConfig extends Partial<Pick<Experiment, "name" | "weights" | "method" | "teacher" | "encoder" | "inherit" | "allow">> {
  /** A kind alone means its `tiny` preset. */
  readonly detector: DetectorKind | DetectorSpec;
  /** Default: the recipe's images and batch size, without images that have no object. */
  readonly data?: Partial<Experiment["data"]>;
  /**
   * Default: the recipe's, for this batch size; `iterations` shrinks or stretches all of it, other entries replace their own.
   * Another `optimiser` than the recipe's takes its own default momentum and weight decay.
   */
  readonly training?: Partial<Omit<TrainingSettings, "learningRate">> & { readonly learningRate?: Partial<TrainingSettings["learningRate"]> };
}

const allowed = {
  config: ["name", "detector", "weights", "teacher", "encoder", "inherit", "method", "data", "training", "allow"],
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

function checkData({ masks, dropEmpty }: Record<string, unknown>): void {
  if (masks !== undefined && masks !== "polygon" && masks !== "bitmap") throw new Error(`data.masks is ${JSON.stringify(masks)}; it must be "polygon" or "bitmap"`);
  if (dropEmpty !== undefined && typeof dropEmpty !== "boolean") throw new Error(`data.dropEmpty is ${JSON.stringify(dropEmpty)}; it must be true or false`);
}

/** What belongs to one optimiser alone. */
const settingsOf = { sgd: ["momentum"], adamw: ["betas", "epsilon"] } as const;

/**
 * The recipe's settings that hold for the optimiser that is asked for: another one has its own momentum and decay.
 * @throws Error for settings that this optimiser does not read
 */
function recipeFor({ optimiser, ...asked }: NonNullable<TrainConfig["training"]>, recipe: TrainingSettings): TrainingSettings {
  const kind = optimiser ?? recipe.optimiser ?? "sgd";
  if (!Object.hasOwn(settingsOf, kind)) throw new Error(`training.optimiser is ${JSON.stringify(kind)}; it must be ${Object.keys(settingsOf).map((name) => `"${name}"`).join(" or ")}`);
  const foreign = settingsOf[kind === "sgd" ? "adamw" : "sgd"].filter((key) => key in asked);
  if (foreign.length > 0) throw new Error(`training.${foreign.join(", training.")}: ${kind} has no such setting; leave it out, or set training.optimiser to "${kind === "sgd" ? "adamw" : "sgd"}"`);
  if (kind === (recipe.optimiser ?? "sgd")) return recipe;
  const { momentum: _m, weightDecay: _d, ...shared } = recipe;
  return shared;
}

function checked(config: unknown): TrainConfig {
  requireRecord(config, "config");
  const given = config as TrainConfig;
  const parts = { data: given.data, "data.transforms": given.data?.transforms, training: given.training, "training.learningRate": given.training?.learningRate, method: given.method };
  for (const [what, value] of Object.entries(parts)) if (value !== undefined) requireRecord(value, what as keyof typeof parts);
  if (given.method !== undefined) checkMethod(given.method);
  if (given.teacher !== undefined) checkTeacher(given.teacher);
  if (given.encoder !== undefined) checkEncoder(given.encoder, given.method);
  requireEncoder(given.encoder, given.method);
  checkAllowed(given.allow);
  if (given.weights !== undefined && typeof given.weights !== "string") requireRecord(given.weights, "weights");
  if (given.weights !== undefined) specOf(given.weights);
  checkData(given.data ?? {});
  if (given.name !== undefined && !/^[\w-][\w.-]*(?:\/[\w-][\w.-]*)*$/.test(given.name)) throw new Error(`name is ${JSON.stringify(given.name)}; it must be a folder below the runs, as "mine/fcos-r50"`);
  return given;
}

/**
 * The experiment that a configuration describes on a dataset: what it leaves out is its preset's recipe.
 * @param name where it has none of its own
 * @throws Error naming the entry that is unknown or impossible
 */
export function experimentOf(config: unknown, { dataset, name }: { readonly dataset: Dataset; readonly name: string }): Experiment {
  const { detector: asked, data = {}, training = {}, name: own = name, weights, method, teacher, encoder, inherit, allow } = checked(config);
  if (typeof asked !== "string" && (typeof asked !== "object" || asked === null)) throw new Error(`detector must be one of ${detectorKinds.join(", ")}, or a record with "kind" and "preset"`);
  const detector = typeof asked === "string" ? ({ kind: asked } as DetectorSpec) : asked;
  const { input, schedule } = recipeOf(detector);
  const { transforms = input.train, batchSize = schedule.batchSize, dropEmpty = true, masks } = data;
  checkTransforms(transforms);
  if (masks !== undefined && !segments(detector)) throw new Error(`data.masks is "${masks}", but ${detectorTitle(detector)} learns from no masks; leave it out`);
  requireMasks(detector, dataset);
  const images = trainable(dataset, dropEmpty).length;
  const { clipValue, clipNorm, ...recipe } = recipeFor(training, recipeSettings(schedule, { images, batchSize, ...(training.iterations !== undefined && { iterations: training.iterations }) }));
  const clips = training.clipValue === undefined && training.clipNorm === undefined ? { ...(clipValue !== undefined && { clipValue }), ...(clipNorm !== undefined && { clipNorm }) } : {};
  return {
    name: own,
    detector,
    ...(weights !== undefined && { weights }),
    ...(teacher && { teacher }),
    ...(encoder && { encoder }),
    ...(inherit !== undefined && { inherit }),
    ...(method && { method }),
    ...(allow && { allow }),
    data: { transforms, batchSize, dropEmpty, ...(masks && { masks }) },
    training: { ...recipe, ...clips, ...training, learningRate: { ...recipe.learningRate, ...training.learningRate } },
  };
}
