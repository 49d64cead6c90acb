import type { FasterRcnnConfig, RpnConfig } from "../two-stage-config.ts";
import { caffeResNet50, mmdetResNet50, resNet50, tinyBackboneConfig, tinyNeck } from "./parts.ts";
import { lgdInput, lgdTwoStage, mmdetInput, mmdetTwoStage, mmdetTwoStageTwice, tinyInput, tinyTwoStage, torchvisionInput, torchvisionTwoStage } from "./recipe.ts";
import { detectron2TwoStageNames, mmdetTwoStageNames, torchvisionTwoStageNames } from "../two-stage-names.ts";

const fiveLevels = [[32], [64], [128], [256], [512]];

const torchvisionRpn: RpnConfig = {
  anchors: { sizes: fiveLevels, ratios: [0.5, 1, 2], rounded: true, outer: "ratio", strides: "image" },
  assign: { positive: 0.7, negative: 0.3, lowQuality: "own", minPositive: 0 },
  region: "all",
  sampling: { count: 256, positiveFraction: 0.5 },
  coder: { weights: [1, 1, 1, 1], clamp: "above" },
  beta: 1 / 9,
  normaliser: "sampled",
  train: { perLevel: 2000, total: 2000, nms: 0.7, minSize: 0.001, scoreThreshold: 0 },
  test: { perLevel: 1000, total: 1000, nms: 0.7, minSize: 0.001, scoreThreshold: 0 },
};

/** torchvision 0.14 `fasterrcnn_resnet50_fpn`: anchors rounded, RoIAlign not aligned with 2 × 2 points, smooth L1 with β = 1/9. */
const torchvision: FasterRcnnConfig = {
  names: torchvisionTwoStageNames,
  channels: 256,
  backbone: resNet50,
  neck: { first: 2, last: 5, extraLevels: 1, extraFrom: "pool", extraRelu: false, initialiser: "kaiming-uniform" },
  rpn: torchvisionRpn,
  roi: { levels: { kind: "torchvision", canonical: 224, level: 2 }, samplingRatio: 2, aligned: false },
  box: {
    size: [7, 7], hidden: [1024, 1024], background: "first", agnostic: false,
    coder: { weights: [10, 10, 5, 5], clamp: "above" },
    beta: 1 / 9,
    assign: { positive: 0.5, negative: 0.5, lowQuality: "none", minPositive: 0 },
    sampling: { count: 512, positiveFraction: 0.25 },
    truth: "append",
    initialiser: "torchvision",
  },
  decode: { scoreThreshold: 0.05, nms: 0.5, maxDetections: 100, minSize: 0.01, dropEmpty: false },
  recipe: { classes: 90, input: torchvisionInput, schedule: torchvisionTwoStage },
};

/**
 * mmdetection `faster-rcnn_r50_fpn_1x_coco` : BatchNorm statistics fixed, affine
 * trained; RoIAlign aligned and adaptive, L1, ground truth before the proposals.
 */
const mmdet: FasterRcnnConfig = {
  names: mmdetTwoStageNames,
  channels: 256,
  backbone: mmdetResNet50,
  neck: { ...torchvision.neck, initialiser: "xavier-uniform" },
  rpn: {
    anchors: { sizes: fiveLevels, ratios: [0.5, 1, 2], rounded: false, outer: "ratio", strides: "level" },
    assign: { positive: 0.7, negative: 0.3, lowQuality: "served", minPositive: 0.3 },
    region: "centre",
    sampling: { count: 256, positiveFraction: 0.5 },
    coder: { weights: [1, 1, 1, 1], clamp: "both", single: "encode" },
    beta: 0,
    normaliser: "sampled-or-one",
    train: { perLevel: 2000, total: 1000, nms: 0.7, minSize: 0, scoreThreshold: 0 },
    test: { perLevel: 1000, total: 1000, nms: 0.7, minSize: 0, scoreThreshold: 0 },
  },
  roi: { levels: { kind: "mmdet", canonical: 56, level: 0 }, samplingRatio: 0, aligned: true },
  box: {
    ...torchvision.box,
    background: "last",
    coder: { weights: [10, 10, 5, 5], clamp: "both", single: "encode" },
    beta: 0,
    assign: { positive: 0.5, negative: 0.5, lowQuality: "none", minPositive: 0.5 },
    truth: "prepend",
    initialiser: "mmdet",
  },
  decode: { scoreThreshold: 0.05, nms: 0.5, maxDetections: 100, minSize: 0, dropEmpty: false },
  recipe: { classes: 80, input: mmdetInput, schedule: mmdetTwoStage },
};

/** `faster-rcnn_r50_fpn_2x_coco`. */
const mmdetTwice: FasterRcnnConfig = { ...mmdet, recipe: { ...mmdet.recipe, schedule: mmdetTwoStageTwice } };

/** detectron2 0.3's Faster R-CNN as LGD and SSSD train it: MSRA weights (stride in the 1×1), RPN losses divided by 256 per image, L1. */
const detectron2: FasterRcnnConfig = {
  names: detectron2TwoStageNames,
  channels: 256,
  backbone: caffeResNet50,
  neck: torchvision.neck,
  rpn: {
    ...mmdet.rpn,
    anchors: { ...mmdet.rpn.anchors, outer: "size" },
    assign: torchvisionRpn.assign,
    region: "all",
    coder: torchvisionRpn.coder,
    normaliser: "count",
  },
  roi: { levels: { kind: "detectron2", canonical: 224, level: 2 }, samplingRatio: 0, aligned: true },
  box: { ...torchvision.box, background: "last", beta: 0, initialiser: "detectron2" },
  decode: { ...mmdet.decode, dropEmpty: true },
  recipe: { classes: 80, input: lgdInput, schedule: lgdTwoStage },
};

/** Our own small network for machines without a GPU, trained from scratch; levels /4, /8, /16, two square anchors per cell. */
const tiny: FasterRcnnConfig = {
  ...torchvision,
  channels: 32,
  backbone: tinyBackboneConfig,
  neck: tinyNeck,
  rpn: {
    ...mmdet.rpn,
    anchors: { sizes: [4, 8, 16].map((stride) => [4 * stride, 6 * stride]), ratios: [1], rounded: false, outer: "ratio", strides: "level" },
    sampling: { count: 64, positiveFraction: 0.5 },
    train: { perLevel: 200, total: 100, nms: 0.7, minSize: 0, scoreThreshold: 0 },
    test: { perLevel: 100, total: 50, nms: 0.7, minSize: 0, scoreThreshold: 0 },
  },
  roi: { levels: { kind: "torchvision", canonical: 32, level: 0 }, samplingRatio: 2, aligned: true },
  box: { ...mmdet.box, size: [5, 5], hidden: [64], sampling: { count: 64, positiveFraction: 0.25 } },
  decode: mmdet.decode,
  recipe: { classes: 80, input: tinyInput, schedule: tinyTwoStage },
};

/** Settings by origin. */
export const fasterRcnnPresets = { torchvision, mmdet, "mmdet-2x": mmdetTwice, "detectron2-lgd": detectron2, tiny } as const satisfies Record<string, FasterRcnnConfig>;
export type FasterRcnnPreset = keyof typeof fasterRcnnPresets;
