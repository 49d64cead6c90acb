import type { AnchorRegion } from "../assign/anchors-inside.ts";
import type { AtssOptions } from "../assign/atss.ts";
import type { AnchorConfig, BackboneConfig, HeadConfig, NeckConfig } from "../config.ts";
import type { DecodeOptions } from "../decode/dense.ts";
import { mmdetGflNames, type DenseNames } from "../names.ts";
import { squareAnchors } from "./atss.ts";
import { fcosNeck, mmdetResNet50, tinyBackboneConfig, tinyNeck } from "./parts.ts";
import { edgeInput, mmdetInput, mmdetOneStage, mmdetOneStageTwice, type Recipe } from "./recipe.ts";

export interface GflHeadConfig extends HeadConfig {
  /** Bins of each side's distribution: distances 0 to bins − 1 strides. */
  readonly bins: number;
}

export interface GflLossConfig {
  /** Exponent of the quality focal loss. */
  readonly beta: number;
  /** Weight of 1 − GIoU. */
  readonly box: number;
  /** Weight of the distribution focal loss. */
  readonly distribution: number;
}

/** Everything that defines a GFL detector but its class count, channels and seed. */
export interface GflConfig {
  readonly names: DenseNames;
  readonly recipe: Recipe;
  readonly channels: number;
  readonly backbone: BackboneConfig;
  readonly neck: NeckConfig;
  readonly head: GflHeadConfig;
  /** One per cell; they take part in the assignment alone. */
  readonly anchors: AnchorConfig;
  readonly assign: AtssOptions;
  /** Which anchors train and are candidates, by where they lie in their image; the others are ignored. */
  readonly region: AnchorRegion;
  readonly loss: GflLossConfig;
  readonly decode: DecodeOptions;
}

/** mmdetection `gfl_r50_fpn_1x`. */
const mmdet: GflConfig = {
  names: mmdetGflNames,
  recipe: { classes: 80, input: mmdetInput, schedule: mmdetOneStage },
  channels: 256,
  backbone: mmdetResNet50,
  neck: { ...fcosNeck, extraRelu: false, initialiser: "xavier-uniform" },
  head: { convs: 4, norm: { kind: "group", groups: 32 }, prior: 0.01, bins: 17 },
  anchors: squareAnchors([8, 16, 32, 64, 128], 8),
  assign: { candidates: 9 },
  region: "centre",
  loss: { beta: 2, box: 2, distribution: 0.25 },
  decode: { scoreThreshold: 0.05, perLevel: 1000, nms: 0.6, maxDetections: 100, clip: true, minSize: 0 },
};

/** mmdetection `gfl_r50_fpn_mstrain_2x`: short edge 480 to 800. */
const mmdetTwice: GflConfig = {
  ...mmdet,
  recipe: { classes: 80, input: edgeInput({ train: { from: 480, to: 800 }, normalise: "torchvision", rule: "mmcv" }), schedule: mmdetOneStageTwice },
};

/** Our own small network for machines without a GPU, trained from scratch; levels /4, /8, /16. */
const tiny: GflConfig = {
  ...mmdet,
  recipe: { ...mmdet.recipe, input: { train: { flip: 0.5, normalise: "simple" }, test: { normalise: "simple" } } },
  channels: 32,
  backbone: tinyBackboneConfig,
  neck: tinyNeck,
  head: { convs: 1, norm: "auto", prior: 0.01, bins: 9 },
  anchors: squareAnchors([4, 8, 16], 5),
  decode: { ...mmdet.decode, scoreThreshold: 0.02, perLevel: 150 },
};

/** Settings by origin. */
export const gflPresets = { mmdet, "mmdet-2x": mmdetTwice, tiny } as const satisfies Record<string, GflConfig>;
export type GflPreset = keyof typeof gflPresets;
