import type { AnchorOptions } from "./anchors.ts";
import type { AnchorRegion } from "./assign/anchors-inside.ts";
import type { BackboneConfig } from "./backbones/config.ts";
import type { MaxIouOptions } from "./assign/max-iou.ts";
import type { DeltaCoder } from "./coder/delta.ts";
import type { DecodeOptions } from "./decode/dense.ts";
import type { FocalOptions } from "./loss/focal.ts";
import type { ReferenceNames } from "./names.ts";
import type { FpnOptions } from "./necks/fpn.ts";
import type { Norm } from "./layers.ts";
import type { Recipe } from "./presets/recipe.ts";

export type { BackboneConfig } from "./backbones/config.ts";

export interface NeckConfig {
  /** First stage of the backbone that enters: 2 is C2 (stride 4). */
  readonly first: number;
  /** Last stage that enters. */
  readonly last: number;
  readonly extraLevels: number;
  readonly extraFrom: NonNullable<FpnOptions["extraFrom"]>;
  readonly extraRelu: boolean;
  readonly initialiser: "kaiming-uniform" | "xavier-uniform";
}

export interface HeadConfig {
  /** Convolutions per tower before the last. */
  readonly convs: number;
  /** Norm after each of them; `auto` is GroupNorm of at most 8 groups of at least 4 channels each. */
  readonly norm: Norm | "none" | "auto";
  /** Probability the classifier starts from. */
  readonly prior: number;
}

export interface AnchorConfig extends AnchorOptions {
  /** Distance of cells: as configured by the level's stride, or image size divided by map size, rounded down (torchvision). */
  readonly strides: "level" | "image";
}

export interface BoxLossConfig {
  readonly kind: "l1" | "smooth-l1" | "giou";
  /** Of smooth-l1. */
  readonly beta: number;
  readonly weight: number;
}

/** Everything that defines a RetinaNet but its class count and seed. */
export interface RetinaNetConfig {
  readonly names: ReferenceNames;
  readonly recipe: Recipe;
  /** Of the pyramid and of the head. */
  readonly channels: number;
  readonly backbone: BackboneConfig;
  readonly neck: NeckConfig;
  readonly head: HeadConfig;
  readonly anchors: AnchorConfig;
  readonly assign: MaxIouOptions;
  /** Which anchors train, by where they lie in their image; the others are ignored. */
  readonly region: AnchorRegion;
  readonly coder: DeltaCoder;
  readonly focal: FocalOptions;
  readonly boxLoss: BoxLossConfig;
  /**
   * What the sums are divided by: per image (torchvision), over the batch (mmdet), or a moving average of the batch's
   * positives that starts at 100 and forgets a tenth per call (detectron2).
   */
  readonly normaliser: "image" | "batch" | "moving-average";
  readonly decode: Omit<DecodeOptions, "score">;
  /** Names of the two losses. */
  readonly losses: readonly [string, string];
}
