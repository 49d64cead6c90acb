import type { NormalisationName, Normalisation } from "../../data/normalise.ts";
import type { SizeRule } from "../../data/size-rules.ts";
import type { Jittered, Transforms } from "../../data/transforms.ts";

/** How the origin prepares images: plain data for `batches` and `evaluationBatches`. */
export interface InputRecipe {
  readonly train: Transforms;
  readonly test: Transforms;
}

/** How the origin trains, for its batch size. */
export interface ScheduleRecipe {
  /** Default SGD with momentum. */
  readonly optimiser?: "adamw";
  /** Images per step, over all devices. */
  readonly batchSize: number;
  readonly unit: "epochs" | "iterations";
  readonly length: number;
  /** When the learning rate is divided by 10, in the same unit. */
  readonly drops: readonly number[];
  readonly learningRate: number;
  /** `most`: no larger part of a training is spent on it, however short that is; default a third. */
  readonly warmup: { readonly kind: "linear" | "constant"; readonly iterations: number; readonly factor: number; readonly most?: number };
  readonly momentum: number;
  readonly weightDecay: number;
  /** Factors of learning rate and weight decay for biases (norms and the offsets of deformable convolutions apart). Default 1 and 1. */
  readonly biases?: { readonly learningRate: number; readonly weightDecay: number };
  /** Factor of the weight decay for scale and shift of norms. Default 1. */
  readonly norms?: { readonly weightDecay: number };
  /** Bound of each entry of a gradient, or of the norm of all gradients together. */
  readonly clip?: { readonly kind: "value" | "norm"; readonly limit: number };
}

/** What a preset says beyond the network: enough to repeat the origin's training on COCO. */
export interface Recipe {
  /**
   * Classes of the origin's published weights: 80 of COCO, or 91 of torchvision, which keeps COCO's gaps and a background
   * (90 in its two-stage detectors, whose background is no class here).
   */
  readonly classes: number;
  readonly input: InputRecipe;
  readonly schedule: ScheduleRecipe;
}

interface EdgeInput {
  readonly train: Jittered;
  readonly normalise: NormalisationName | Normalisation;
  readonly rule: SizeRule;
}

/** Short edge 800 (or jittered in training), long edge at most 1333, mirrored half the time, padded to 32. */
export function edgeInput({ train, normalise, rule }: EdgeInput): InputRecipe {
  const transforms = (short: Jittered): Transforms => ({ resize: { kind: "edge", short, long: 1333, rule }, padTo: 32, normalise });
  return { train: { ...transforms(train), flip: 0.5 }, test: transforms(800) };
}

/** mmdetection's 1x for one-stage detectors: 12 epochs, drops at 8 and 11, rate 0.01 at 16 images, linear warm-up over 500 steps. */
export const mmdetOneStage: ScheduleRecipe = {
  batchSize: 16, unit: "epochs", length: 12, drops: [8, 11], learningRate: 0.01,
  warmup: { kind: "linear", iterations: 500, factor: 0.001 }, momentum: 0.9, weightDecay: 1e-4,
};

/** mmdetection's 2x: 24 epochs, drops at 16 and 22. */
export const mmdetOneStageTwice: ScheduleRecipe = { ...mmdetOneStage, length: 24, drops: [16, 22] };

/** mmdetection's 1x and 2x for two-stage detectors: rate 0.02 at 16 images. */
export const mmdetTwoStage: ScheduleRecipe = { ...mmdetOneStage, learningRate: 0.02 };
export const mmdetTwoStageTwice: ScheduleRecipe = { ...mmdetOneStageTwice, learningRate: 0.02 };

/** For our own small networks, which nobody trains for 90,000 iterations: mmdetection's 1x, a tenth of it warm-up at most. */
export const tinyOneStage: ScheduleRecipe = { ...mmdetOneStage, warmup: { ...mmdetOneStage.warmup, most: 0.1 } };
export const tinyTwoStage: ScheduleRecipe = { ...tinyOneStage, learningRate: 0.02 };

/** torchvision's reference script: 26 epochs, drops at 16 and 22, rate 0.01 at 16 images, linear warm-up over 1000 steps. */
export const torchvisionOneStage: ScheduleRecipe = {
  ...mmdetOneStage, length: 26, drops: [16, 22], warmup: { kind: "linear", iterations: 1000, factor: 0.001 },
};

/** The same with AdamW and no decay of norms, for torchvision's second RetinaNet (pytorch/vision pull request 5756). */
export const torchvisionAdam: ScheduleRecipe = { ...torchvisionOneStage, optimiser: "adamw", learningRate: 1e-4, weightDecay: 0.05, norms: { weightDecay: 0 } };

/** LGD's: 180,000 steps of 16 images, drops at 120,000 and 160,000, gradients cut to ±1. */
export const lgdOneStage: ScheduleRecipe = {
  batchSize: 16, unit: "iterations", length: 180_000, drops: [120_000, 160_000], learningRate: 0.01,
  warmup: { kind: "linear", iterations: 1000, factor: 0.001 }, momentum: 0.9, weightDecay: 1e-4, clip: { kind: "value", limit: 1 },
};

/** detectron2's 1x: 90,000 steps of 16 images, drops at 60,000 and 80,000, nothing cut, no decay of norms (`WEIGHT_DECAY_NORM`). */
export const detectron2OneStage: ScheduleRecipe = { ...lgdOneStage, length: 90_000, drops: [60_000, 80_000], clip: undefined, norms: { weightDecay: 0 } };
export const detectron2TwoStage: ScheduleRecipe = { ...detectron2OneStage, learningRate: 0.02 };

/** torchvision's and LGD's for two-stage detectors: rate 0.02. */
export const torchvisionTwoStage: ScheduleRecipe = { ...torchvisionOneStage, learningRate: 0.02 };
export const lgdTwoStage: ScheduleRecipe = { ...lgdOneStage, learningRate: 0.02 };

/** LGD's image sizes and MSRA normalisation. */
export const lgdInput = edgeInput({ train: [640, 672, 704, 736, 768, 800], normalise: "caffe", rule: "detectron2" });

export const torchvisionInput = edgeInput({ train: 800, normalise: "torchvision", rule: "torchvision" });

/** Its `--data-augmentation multiscale`: short edge 480, 512, … or 800. */
export const torchvisionMultiscale = edgeInput({ train: Array.from({ length: 11 }, (_, i) => 480 + 32 * i), normalise: "torchvision", rule: "torchvision" });

/** Images of any size as they are, for our own small networks. */
export const tinyInput: InputRecipe = { train: { flip: 0.5, normalise: "simple" }, test: { normalise: "simple" } };
export const mmdetInput = edgeInput({ train: 800, normalise: "torchvision", rule: "mmcv" });
