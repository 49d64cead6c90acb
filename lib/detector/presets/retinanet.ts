import type { RetinaNetConfig } from "../config.ts";
import { caffeResNet50, denseNeck, mmdetResNet50, resNet50, tinyBackboneConfig, tinyNeck } from "./parts.ts";
import { lgdInput, lgdOneStage, mmdetInput, mmdetOneStage, mmdetOneStageTwice, tinyInput, tinyOneStage, torchvisionAdam, torchvisionInput, torchvisionMultiscale, torchvisionOneStage } from "./recipe.ts";
import { detectron2Names, mmdetNames, torchvisionNames } from "../names.ts";

const octaves = (base: number) => [0, 1, 2].map((i) => base * 2 ** (i / 3));

/** torchvision 0.14 `retinanet_resnet50_fpn`: anchors rounded, P6 from P5, per-image normaliser, L1. */
const torchvision: RetinaNetConfig = {
  names: torchvisionNames,
  recipe: { classes: 91, input: torchvisionInput, schedule: torchvisionOneStage },
  channels: 256,
  backbone: resNet50,
  neck: denseNeck,
  head: { convs: 4, norm: "none", prior: 0.01 },
  anchors: {
    sizes: [32, 64, 128, 256, 512].map((x) => [x, Math.floor(x * 2 ** (1 / 3)), Math.floor(x * 2 ** (2 / 3))]),
    ratios: [0.5, 1, 2],
    rounded: true,
    outer: "ratio",
    strides: "image",
  },
  assign: { positive: 0.5, negative: 0.4, lowQuality: "own" },
  region: "all",
  coder: { weights: [1, 1, 1, 1], clamp: "above" },
  focal: { alpha: 0.25, gamma: 2 },
  boxLoss: { kind: "l1", beta: 0, weight: 1 },
  normaliser: "image",
  decode: { scoreThreshold: 0.05, perLevel: 1000, nms: 0.5, maxDetections: 300, clip: true, minSize: -1 },
  losses: ["classification", "bbox_regression"],
};

/**
 * torchvision 0.14 `retinanet_resnet50_fpn_v2`: P6 from C5, GroupNorm in the head, GIoU. Its backbone has plain BatchNorm,
 * whose affine part is trained behind the frozen stages, as here; but torchvision also normalises by the statistics of each
 * training batch and keeps their running average, even in the frozen stages, while here the loaded statistics stay.
 * Inference with loaded weights is the same. From scratch, take a norm that needs no statistics: `{ kind: "group", groups: 32 }`.
 */
const torchvisionV2: RetinaNetConfig = {
  ...torchvision,
  backbone: { ...torchvision.backbone, norm: { kind: "affine" } },
  recipe: { ...torchvision.recipe, input: torchvisionMultiscale, schedule: torchvisionAdam },
  neck: { ...torchvision.neck, extraFrom: "c5" },
  head: { ...torchvision.head, norm: { kind: "group", groups: 32 } },
  boxLoss: { kind: "giou", beta: 0, weight: 1 },
};

/** mmdetection `retinanet_r50_fpn`: BatchNorm statistics fixed, affine trained; P6 from C5 without ReLU; batch normaliser. */
const mmdet: RetinaNetConfig = {
  names: mmdetNames,
  recipe: { classes: 80, input: mmdetInput, schedule: mmdetOneStage },
  channels: 256,
  backbone: mmdetResNet50,
  neck: { first: 3, last: 5, extraLevels: 2, extraFrom: "c5", extraRelu: false, initialiser: "xavier-uniform" },
  head: { convs: 4, norm: "none", prior: 0.01 },
  anchors: { sizes: [8, 16, 32, 64, 128].map((stride) => octaves(4 * stride)), ratios: [0.5, 1, 2], rounded: false, outer: "ratio", strides: "level" },
  assign: { positive: 0.5, negative: 0.4, lowQuality: "served", minPositive: 0 },
  region: "centre",
  coder: { weights: [1, 1, 1, 1], clamp: "both", single: "encode" },
  focal: { alpha: 0.25, gamma: 2 },
  boxLoss: { kind: "l1", beta: 0, weight: 1 },
  normaliser: "batch",
  decode: { scoreThreshold: 0.05, perLevel: 1000, nms: 0.5, maxDetections: 100, clip: true, minSize: 0 },
  losses: ["loss_cls", "loss_bbox"],
};

/** mmdetection `retinanet_r50_fpn_2x`: the same for 24 epochs (the student of FRS). */
const mmdetTwice: RetinaNetConfig = { ...mmdet, recipe: { ...mmdet.recipe, schedule: mmdetOneStageTwice } };

/** detectron2 0.3's RetinaNet as LGD trains it: MSRA weights (stride in the 1×1), ReLU before P7, moving-average normaliser. */
const detectron2: RetinaNetConfig = {
  ...mmdet,
  names: detectron2Names,
  recipe: { classes: 80, input: lgdInput, schedule: lgdOneStage },
  backbone: caffeResNet50,
  neck: { ...mmdet.neck, extraRelu: true, initialiser: "kaiming-uniform" }, // detectron2 calls it c2_xavier_fill
  anchors: { ...mmdet.anchors, outer: "size" },
  assign: { positive: 0.5, negative: 0.4, lowQuality: "own" },
  region: "all",
  coder: { weights: [1, 1, 1, 1], clamp: "above" },
  normaliser: "moving-average",
  decode: { ...mmdet.decode, clip: "after", minSize: -1 },
  losses: ["loss_cls", "loss_box_reg"],
};

/** Our own small network for machines without a GPU, trained from scratch; levels /4, /8, /16, two square anchors per cell. */
const tiny: RetinaNetConfig = {
  ...torchvision,
  recipe: { classes: 80, input: tinyInput, schedule: tinyOneStage },
  channels: 32,
  backbone: tinyBackboneConfig,
  neck: tinyNeck,
  head: { convs: 1, norm: "auto", prior: 0.01 },
  anchors: { sizes: [4, 8, 16].map((stride) => [4 * stride, 6 * stride]), ratios: [1], rounded: false, outer: "ratio", strides: "level" },
  assign: { positive: 0.5, negative: 0.4, lowQuality: "served", minPositive: 0.1 },
  boxLoss: { kind: "l1", beta: 0, weight: 4 },
  normaliser: "batch",
  decode: { scoreThreshold: 0.02, perLevel: 150, nms: 0.5, maxDetections: 100, clip: true, minSize: 0 },
};

/** Settings by origin. */
export const retinaNetPresets = { torchvision, "torchvision-v2": torchvisionV2, mmdet, "mmdet-2x": mmdetTwice, "detectron2-lgd": detectron2, tiny } as const satisfies Record<string, RetinaNetConfig>;
export type RetinaNetPreset = keyof typeof retinaNetPresets;
