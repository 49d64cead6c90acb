import type { AnchorRegion } from "../assign/anchors-inside.ts";
import type { AtssOptions } from "../assign/atss.ts";
import type { AnchorConfig, BackboneConfig, HeadConfig, NeckConfig } from "../config.ts";
import type { DecodeOptions } from "../decode/dense.ts";
import { mmdetGflNames, type DenseNames } from "../names.ts";
import { mmdetSquare, tinySquare } from "./atss.ts";
import { edgeInput, mmdetOneStageTwice, type Recipe } from "./recipe.ts";

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
  readonly decode: Omit<DecodeOptions, "score">;
}

const own = { names: mmdetGflNames, loss: { beta: 2, box: 2, distribution: 0.25 } } as const satisfies Partial<GflConfig>;

/** mmdetection `gfl_r50_fpn_1x`. */
const mmdet: GflConfig = { ...mmdetSquare, ...own, head: { ...mmdetSquare.head, bins: 17 } };

/** mmdetection `gfl_r50_fpn_mstrain_2x`: short edge 480 to 800. */
const mmdetTwice: GflConfig = {
  ...mmdet,
  recipe: { classes: 80, input: edgeInput({ train: { from: 480, to: 800 }, normalise: "torchvision", rule: "mmcv" }), schedule: mmdetOneStageTwice },
};

const tiny: GflConfig = { ...tinySquare, ...own, head: { ...tinySquare.head, bins: 9 } };

/** Settings by origin. */
export const gflPresets = { mmdet, "mmdet-2x": mmdetTwice, tiny } as const satisfies Record<string, GflConfig>;
export type GflPreset = keyof typeof gflPresets;
