import type { Normalisation } from "../../data/normalise.ts";
import type { PointAssignOptions } from "../assign/points.ts";
import type { BackboneConfig, HeadConfig, NeckConfig } from "../config.ts";
import type { DecodeOptions } from "../decode/dense.ts";
import type { FocalOptions } from "../loss/focal.ts";
import { cvpodsFcosNames, detectron2OwnFcosNames, mmdetFcosNames, torchvisionFcosNames, type DenseNames } from "../names.ts";
import type { PointOptions } from "../points.ts";
import { caffeResNet50, denseNeck, resNet50, tinyBackboneConfig, tinyNeck } from "./parts.ts";
import { edgeInput, lgdInput, detectron2OneStage, lgdOneStage, mmdetOneStage, mmdetOneStageTwice, tinyInput, tinyOneStage, torchvisionInput, torchvisionOneStage, type Recipe, type ScheduleRecipe } from "./recipe.ts";

export interface FcosHeadConfig extends HeadConfig {
  /** Biases of the towers' convolutions beside their norm. */
  readonly bias: boolean;
  /** A trained factor of the distances on each level. */
  readonly scales: boolean;
  /** Whose tower centre-ness comes from. */
  readonly centerness: "class" | "box";
  /** What makes distances of the box outputs. */
  readonly activation: "exp" | "relu";
  /** Unit of the distances that the head says. */
  readonly units: "pixels" | "strides";
}

export interface FcosBoxLossConfig {
  /** −log IoU or 1 − GIoU. */
  readonly kind: "log" | "giou";
  /** Each positive counts by its centre-ness, and the sum is divided by theirs; or equally, divided as the other losses. */
  readonly weighting: "centerness" | "equal";
  readonly weight: number;
}

/** Everything that defines an FCOS but its class count, channels and seed. */
export interface FcosConfig {
  readonly names: DenseNames;
  readonly recipe: Recipe;
  readonly channels: number;
  readonly backbone: BackboneConfig;
  readonly neck: NeckConfig;
  readonly head: FcosHeadConfig;
  readonly points: PointOptions;
  readonly assign: PointAssignOptions;
  readonly focal: FocalOptions;
  readonly boxLoss: FcosBoxLossConfig;
  /**
   * What classification and centre-ness are divided by: the batch's positives (at least 1), or a moving average of them that
   * starts at 300 and forgets a tenth per call (detectron2).
   */
  readonly normaliser: "batch" | "moving-average";
  readonly decode: DecodeOptions;
}

/** Bounds of the paper: 64, 128, 256, 512. */
const ranges = (first: number): [number, number][] => [[first, 64], [64, 128], [128, 256], [256, 512], [512, Infinity]];
const groups = { kind: "group", groups: 32 } as const;
const batchOf16 = { classes: 80 } as const;

/** torchvision 0.14 `fcos_resnet50_fpn`: P6 from P5, points without offset, centre sampling, GIoU, score √(class · centre-ness). */
const torchvision: FcosConfig = {
  names: torchvisionFcosNames,
  recipe: { classes: 91, input: torchvisionInput, schedule: torchvisionOneStage },
  channels: 256,
  backbone: resNet50,
  neck: denseNeck,
  head: { convs: 4, norm: groups, prior: 0.01, bias: true, scales: false, centerness: "box", activation: "relu", units: "strides" },
  points: { offset: 0, strides: "image" },
  assign: { ranges: ranges(0), bounds: "exclusive", radius: 1.5 },
  focal: { alpha: 0.25, gamma: 2 },
  boxLoss: { kind: "giou", weighting: "equal", weight: 1 },
  normaliser: "batch",
  decode: { scoreThreshold: 0.2, perLevel: 1000, nms: 0.6, maxDetections: 100, clip: true, minSize: -1, score: "root-first" },
};

/** detectron2 `fcos_R_50_FPN_1x`: as torchvision's with MSRA weights, points in the middle of cells and a moving-average normaliser. */
const detectron2: FcosConfig = {
  ...torchvision,
  names: detectron2OwnFcosNames,
  recipe: { ...batchOf16, input: lgdInput, schedule: detectron2OneStage },
  backbone: caffeResNet50,
  points: { offset: 0.5, strides: "level" }, // its anchor generator's own default; RetinaNet's configuration says 0
  normaliser: "moving-average",
  decode: { ...torchvision.decode, clip: "after" },
};

/** The constants of the original FCOS. */
const original: Normalisation = { order: "bgr", mean: [102.9801, 115.9465, 122.7717], std: [1, 1, 1] };
const caffeSchedule = (schedule: ScheduleRecipe): ScheduleRecipe => ({
  ...schedule,
  warmup: { kind: "constant", iterations: 500, factor: 1 / 3 },
  biases: { learningRate: 2, weightDecay: 0 },
  clip: { kind: "norm", limit: 35 },
});

/** mmdetection `fcos_r50_caffe_fpn_gn-head_1x`: the paper's own, with exp(scale · x), −log IoU and score class · centre-ness. */
const mmdet: FcosConfig = {
  names: mmdetFcosNames,
  recipe: { ...batchOf16, input: edgeInput({ train: 800, normalise: original, rule: "mmcv" }), schedule: caffeSchedule(mmdetOneStage) },
  channels: 256,
  backbone: caffeResNet50,
  neck: { ...denseNeck, initialiser: "xavier-uniform" },
  head: { convs: 4, norm: groups, prior: 0.01, bias: false, scales: true, centerness: "class", activation: "exp", units: "pixels" },
  points: { offset: 0.5, strides: "level" },
  assign: { ranges: ranges(-1), bounds: "inclusive", radius: Infinity },
  focal: { alpha: 0.25, gamma: 2 },
  boxLoss: { kind: "log", weighting: "centerness", weight: 1 },
  normaliser: "batch",
  decode: { scoreThreshold: 0.05, perLevel: 1000, nms: 0.5, maxDetections: 100, clip: true, minSize: 0, score: "product" },
};

/** mmdetection `fcos_r50_caffe_fpn_gn-head_mstrain_640-800_2x`, the student of FRS: short edge 640 or 800. */
const mmdetTwice: FcosConfig = {
  ...mmdet,
  recipe: { ...batchOf16, input: edgeInput({ train: [640, 800], normalise: original, rule: "mmcv" }), schedule: caffeSchedule(mmdetOneStageTwice) },
};

/**
 * mmdetection `fcos_center-normbbox-centeronreg-giou_r50_caffe_fpn_gn-head_1x`, the FCOS of FGD: centre sampling, distances
 * in strides, centre-ness from the box tower, GIoU.
 */
const mmdetTricks: FcosConfig = {
  ...mmdet,
  recipe: { ...batchOf16, input: edgeInput({ train: 800, normalise: "caffe", rule: "mmcv" }), schedule: { ...caffeSchedule(mmdetOneStage), warmup: { kind: "linear", iterations: 500, factor: 1 / 3 }, clip: undefined } },
  head: { ...mmdet.head, bias: true, centerness: "box", activation: "relu", units: "strides" },
  assign: { ...mmdet.assign, radius: 1.5 },
  boxLoss: { ...mmdet.boxLoss, kind: "giou" },
  decode: { ...mmdet.decode, nms: 0.6 },
};

/** cvpods' FCOS as LGD trains it: P6 from C5, MSRA weights, score √(class · centre-ness) with the threshold on the class. */
const detectron2Lgd: FcosConfig = {
  ...mmdetTricks,
  names: cvpodsFcosNames,
  recipe: { ...batchOf16, input: lgdInput, schedule: lgdOneStage },
  neck: { ...denseNeck, extraFrom: "c5" },
  decode: { ...mmdetTricks.decode, clip: "after", minSize: -1, score: "root" },
};

/** Our own small network for machines without a GPU, trained from scratch; levels /4, /8, /16. */
const tiny: FcosConfig = {
  ...mmdetTricks,
  names: torchvisionFcosNames,
  recipe: { classes: 80, input: tinyInput, schedule: tinyOneStage },
  channels: 32,
  backbone: tinyBackboneConfig,
  neck: tinyNeck,
  head: { ...mmdetTricks.head, convs: 1, norm: "auto" },
  assign: { ranges: [[-1, 16], [16, 32], [32, Infinity]], bounds: "inclusive", radius: 1.5 },
  decode: { ...mmdet.decode, scoreThreshold: 0.02, perLevel: 150 },
};

/** Settings by origin. */
export const fcosPresets = { torchvision, mmdet, "mmdet-2x": mmdetTwice, "mmdet-tricks": mmdetTricks, detectron2, "detectron2-lgd": detectron2Lgd, tiny } as const satisfies Record<string, FcosConfig>;
export type FcosPreset = keyof typeof fcosPresets;
