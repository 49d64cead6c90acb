import type { AnchorRegion } from "../assign/anchors-inside.ts";
import type { AtssOptions } from "../assign/atss.ts";
import type { DeltaCoder } from "../coder/delta.ts";
import type { AnchorConfig, BackboneConfig, HeadConfig, NeckConfig } from "../config.ts";
import type { DecodeOptions } from "../decode/dense.ts";
import type { FocalOptions } from "../loss/focal.ts";
import { mmdetAtssNames, type DenseNames } from "../names.ts";
import { denseNeck, mmdetResNet50, tinyBackboneConfig, tinyNeck } from "./parts.ts";
import { mmdetInput, mmdetOneStage, tinyInput, tinyOneStage, type Recipe } from "./recipe.ts";

/** Everything that defines an ATSS detector but its class count, channels and seed. */
export interface AtssConfig {
  readonly names: DenseNames;
  readonly recipe: Recipe;
  readonly channels: number;
  readonly backbone: BackboneConfig;
  readonly neck: NeckConfig;
  readonly head: HeadConfig;
  /** One per cell. */
  readonly anchors: AnchorConfig;
  readonly assign: AtssOptions;
  /** Which anchors train and are candidates, by where they lie in their image; the others are ignored. */
  readonly region: AnchorRegion;
  readonly coder: DeltaCoder;
  readonly focal: FocalOptions;
  /** 1 − GIoU. */
  readonly boxLoss: { readonly weight: number };
  readonly decode: DecodeOptions;
}

/** One square anchor of 8 strides per cell. */
export const squareAnchors = (strides: readonly number[], scale: number): AnchorConfig =>
  ({ sizes: strides.map((stride) => [scale * stride]), ratios: [1], rounded: false, outer: "ratio", strides: "level" });

/** What mmdetection's ATSS and GFL have in common. */
export const mmdetSquare = {
  recipe: { classes: 80, input: mmdetInput, schedule: mmdetOneStage },
  channels: 256,
  backbone: mmdetResNet50,
  neck: { ...denseNeck, extraRelu: false, initialiser: "xavier-uniform" },
  head: { convs: 4, norm: { kind: "group", groups: 32 }, prior: 0.01 },
  anchors: squareAnchors([8, 16, 32, 64, 128], 8),
  assign: { candidates: 9 },
  region: "centre",
  decode: { scoreThreshold: 0.05, perLevel: 1000, nms: 0.6, maxDetections: 100, clip: true, minSize: 0 },
} as const satisfies Partial<AtssConfig>;

/** The same on our own small network for machines without a GPU, trained from scratch; levels /4, /8, /16. */
export const tinySquare = {
  ...mmdetSquare,
  recipe: { ...mmdetSquare.recipe, input: tinyInput, schedule: tinyOneStage },
  channels: 32,
  backbone: tinyBackboneConfig,
  neck: tinyNeck,
  head: { convs: 1, norm: "auto", prior: 0.01 },
  anchors: squareAnchors([4, 8, 16], 5),
  decode: { ...mmdetSquare.decode, scoreThreshold: 0.02, perLevel: 150 },
} as const satisfies Partial<AtssConfig>;

const own = {
  names: mmdetAtssNames,
  coder: { weights: [10, 10, 5, 5], clamp: "both", single: "encode" },
  focal: { alpha: 0.25, gamma: 2 },
  boxLoss: { weight: 2 },
} as const satisfies Partial<AtssConfig>;

/** mmdetection `atss_r50_fpn_1x`. */
const mmdet: AtssConfig = { ...mmdetSquare, ...own, decode: { ...mmdetSquare.decode, score: "product" } };

const tiny: AtssConfig = { ...tinySquare, ...own, decode: { ...tinySquare.decode, score: "product" } };

/** Settings by origin. */
export const atssPresets = { mmdet, tiny } as const satisfies Record<string, AtssConfig>;
export type AtssPreset = keyof typeof atssPresets;
