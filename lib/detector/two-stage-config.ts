import type { AnchorRegion } from "./assign/anchors-inside.ts";
import type { MaxIouOptions } from "./assign/max-iou.ts";
import type { SamplingOptions } from "./assign/random-sampling.ts";
import type { BackboneNames } from "./backbones/build.ts";
import type { DeltaCoder } from "./coder/delta.ts";
import type { AnchorConfig, BackboneConfig, NeckConfig } from "./config.ts";
import type { RoiDecodeOptions } from "./decode/rois.ts";
import type { BoxHeadNames } from "./heads/box.ts";
import type { RpnNames } from "./heads/rpn.ts";
import type { FpnNames } from "./necks/fpn.ts";
import type { Recipe } from "./presets/recipe.ts";
import type { LevelRule } from "./roi/levels.ts";
import type { RoiSamplingOptions } from "./roi/sampling.ts";
import type { ProposalOptions } from "./rpn/proposals.ts";
import type { RpnTargetOptions } from "./rpn/targets.ts";

/** A reference implementation's parameter names for the parts of a Faster R-CNN. */
export interface TwoStageNames extends BackboneNames {
  readonly fpn: FpnNames;
  readonly rpn: RpnNames;
  readonly box: BoxHeadNames;
}

export interface RpnConfig {
  readonly anchors: AnchorConfig;
  readonly assign: MaxIouOptions;
  /** Which anchors train, by where they lie in the image's content. */
  readonly region: AnchorRegion;
  readonly sampling: SamplingOptions;
  readonly coder: DeltaCoder;
  /** Of smooth-l1; 0 is L1. */
  readonly beta: number;
  readonly normaliser: RpnTargetOptions["normaliser"];
  readonly train: ProposalOptions;
  readonly test: ProposalOptions;
}

/** How regions are read from the pyramid. */
export interface RoiConfig {
  readonly levels: LevelRule;
  /** Points per bin and axis; 0: adaptive. */
  readonly samplingRatio: number;
  readonly aligned: boolean;
}

export interface BoxHeadConfig {
  /** Rows and columns of a region's map. */
  readonly size: readonly [number, number];
  /** Widths of the hidden layers. */
  readonly hidden: readonly number[];
  /** Column of the background. */
  readonly background: "first" | "last";
  /** One box for all classes instead of one each. */
  readonly agnostic: boolean;
  readonly coder: DeltaCoder;
  /** Of smooth-l1; 0 is L1. */
  readonly beta: number;
  readonly assign: MaxIouOptions;
  readonly sampling: SamplingOptions;
  readonly truth: RoiSamplingOptions["truth"];
  /** Whose way of drawing the first weights of the box head and, where there is one, of the mask head. */
  readonly initialiser: "torchvision" | "mmdet" | "detectron2";
}

/** Everything that defines a Faster R-CNN but its class count and seed. */
export interface FasterRcnnConfig {
  readonly names: TwoStageNames;
  /** Channels of the pyramid. */
  readonly channels: number;
  readonly backbone: BackboneConfig;
  readonly neck: NeckConfig;
  readonly rpn: RpnConfig;
  readonly roi: RoiConfig;
  readonly box: BoxHeadConfig;
  readonly decode: RoiDecodeOptions;
  /** How the origin prepares images and trains. */
  readonly recipe: Recipe;
}
