import type { MaxIouOptions } from "./assign/max-iou.ts";
import type { DeltaCoder } from "./coder/delta.ts";
import type { HeadConfig } from "./config.ts";
import type { BoxHeadNames } from "./heads/box.ts";
import type { MaskHeadNames } from "./heads/mask.ts";
import type { MaskDecodeOptions, MaskTrainingOptions } from "./roi/masks.ts";
import type { BoxHeadConfig, FasterRcnnConfig, TwoStageNames } from "./two-stage-config.ts";

/** A mask head, what it learns and how its masks are painted. */
export interface MaskConfig extends Pick<MaskTrainingOptions, "map" | "targets" | "weight">, Pick<MaskDecodeOptions, "paste" | "threshold"> {
  /** Rows and columns of a region's map; its masks have twice as many. */
  readonly size: readonly [number, number];
  /** Convolutions before the upsampling. */
  readonly convs: number;
  /** Channels of the head. */
  readonly channels: number;
  /** Norm after each convolution. */
  readonly norm: HeadConfig["norm"];
}

/** Everything that defines a Mask R-CNN but its class count and seed. */
export interface MaskRcnnConfig extends FasterRcnnConfig {
  readonly names: TwoStageNames & { readonly mask: MaskHeadNames };
  readonly mask: MaskConfig;
}

/** A reference implementation's parameter names for the parts of a Cascade R-CNN; stages count from 0. */
export interface CascadeNames extends Omit<TwoStageNames, "box"> {
  readonly box: (stage: number) => BoxHeadNames;
  readonly mask: (stage: number) => MaskHeadNames;
}

/** What differs from stage to stage of a cascade. */
export interface CascadeStageConfig {
  readonly assign: MaxIouOptions;
  readonly coder: DeltaCoder;
  /** Share of the stage's losses. */
  readonly weight: number;
}

/** Everything that defines a Cascade R-CNN but its class count and seed. */
export interface CascadeRcnnConfig extends Omit<FasterRcnnConfig, "names" | "box"> {
  readonly names: CascadeNames;
  /** Equal in all stages; boxes are class-agnostic. */
  readonly box: Omit<BoxHeadConfig, "assign" | "coder" | "agnostic">;
  readonly stages: readonly CascadeStageConfig[];
  /** A mask head per stage: Cascade Mask R-CNN. */
  readonly masks: boolean;
  /** Of the mask heads, where there are any. */
  readonly mask: MaskConfig;
}
