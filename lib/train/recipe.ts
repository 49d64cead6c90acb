import type { ScheduleRecipe } from "../detector/presets/recipe.ts";
import type { OptimiserOptions } from "./optimiser.ts";
import { learningRate } from "./schedule.ts";
import type { LearningRateOptions } from "./schedule.ts";

/** How long a training is, and what changes its weights: plain data, so that an experiment can carry it. */
export interface TrainingSettings {
  readonly iterations: number;
  readonly learningRate: LearningRateOptions;
  /** Default `sgd`. */
  readonly optimiser?: "sgd" | "adamw";
  /** Of SGD; default 0.9. */
  readonly momentum?: number;
  /** Of AdamW; default [0.9, 0.999]. */
  readonly betas?: readonly [number, number];
  /** Of AdamW; default 1e-8. */
  readonly epsilon?: number;
  /** Default 1e-4; 0.01 for AdamW. */
  readonly weightDecay?: number;
  readonly clipValue?: number;
  readonly clipNorm?: number;
  readonly biases?: OptimiserOptions["biases"];
  readonly norms?: OptimiserOptions["norms"];
  readonly groupFactors?: OptimiserOptions["groupFactors"];
  /** Iterations before a group is trained. */
  readonly frozenUntil?: OptimiserOptions["frozenUntil"];
}

export interface RecipeOptions {
  /** Images that are trained on: what an epoch is. */
  readonly images: number;
  /** Default the recipe's. */
  readonly batchSize?: number;
  /** Another length: the whole schedule (drops, and a warm-up that would be longer) shrinks or grows with it. Default the recipe's. */
  readonly iterations?: number;
}

/**
 * A preset's recipe for this many images and this batch size. The learning rate follows the batch size in proportion (Goyal
 * et al. 2017; mmdetection's `auto_scale_lr`, detectron2's `auto_scale_workers`). What a recipe counts in iterations then
 * becomes as many images: its length, drops and warm-up; the warm-up of one that counts in epochs stays, as there. Epochs of few
 * images can be over before that: at most a third of a training (a tenth of the tiny presets') is warm-up.
 * @throws RangeError for counts that are not whole numbers above 0
 */
export function recipeSettings(recipe: ScheduleRecipe, { images, batchSize = recipe.batchSize, iterations }: RecipeOptions): TrainingSettings {
  for (const [name, value] of Object.entries({ images, batchSize, iterations: iterations ?? 1 })) {
    if (!Number.isSafeInteger(value) || value < 1) throw new RangeError(`recipe: ${name} is ${value}; it must be a whole number above 0`);
  }
  const factor = batchSize / recipe.batchSize;
  const perUnit = recipe.unit === "epochs" ? images / batchSize : 1 / factor;
  const natural = Math.max(1, Math.round(recipe.length * perUnit));
  const length = iterations ?? natural;
  const stretch = perUnit * (length / natural);
  const warmup = recipe.warmup.iterations / (recipe.unit === "epochs" ? 1 : factor);
  const { kind, limit } = recipe.clip ?? { kind: "none", limit: 0 };
  return {
    iterations: length,
    learningRate: {
      base: recipe.learningRate * factor,
      warmup: Math.min(Math.round(warmup * Math.min(1, length / natural)), Math.ceil(length * (recipe.warmup.most ?? 1 / 3))),
      warmupKind: recipe.warmup.kind,
      warmupFactor: recipe.warmup.factor,
      drops: recipe.drops.map((drop) => Math.round(drop * stretch)),
    },
    ...(recipe.optimiser === "adamw" ? { optimiser: "adamw" } : { momentum: recipe.momentum }),
    weightDecay: recipe.weightDecay,
    ...(kind === "value" && { clipValue: limit }),
    ...(kind === "norm" && { clipNorm: limit }),
    ...(recipe.biases && { biases: recipe.biases }),
    ...(recipe.norms && { norms: recipe.norms }),
  };
}

/** Settings as `training` takes them. */
export function optimiserOf({ iterations: _, learningRate: rate, optimiser = "sgd", momentum, betas, epsilon, ...shared }: TrainingSettings): OptimiserOptions {
  const common = { ...shared, learningRate: learningRate(rate) };
  if (optimiser === "adamw") return { ...common, kind: "adamw", ...(betas && { betas }), ...(epsilon !== undefined && { epsilon }) };
  return { ...common, kind: optimiser, ...(momentum !== undefined && { momentum }) };
}
