import type { MaxIouOptions } from "../assign/max-iou.ts";
import type { SamplingOptions } from "../assign/random-sampling.ts";
import type { AtssOptions } from "../assign/atss.ts";
import type { DeltaCoder } from "../coder/delta.ts";
import type { AnchorConfig, HeadConfig, NeckConfig } from "../config.ts";
import type { DecodeOptions } from "../decode/dense.ts";
import type { FocalOptions } from "../loss/focal.ts";
import type { RulesFor } from "./rules.ts";
import { above0, finite, flag, fraction, from0, headNorm, listOf, oneOf, optional, probability, share, whole } from "./values.ts";

export const neckRules: RulesFor<NeckConfig> = {
  first: whole(2, 5), last: whole(2, 5), extraLevels: whole(0, 4),
  extraFrom: oneOf("c5", "lateral", "p5", "pool"),
  extraRelu: flag,
  initialiser: oneOf("kaiming-uniform", "xavier-uniform"),
};

export const headRules: RulesFor<HeadConfig> = { convs: whole(0, 16), norm: headNorm, prior: probability };

const positives = "a list of finite numbers above 0, as [0.5, 1, 2]";

export const anchorRules: RulesFor<AnchorConfig> = {
  sizes: listOf(listOf(above0, positives), "a list of sizes in pixels per level of the pyramid, as [[32], [64], [128]]"),
  ratios: listOf(above0, positives),
  rounded: flag,
  outer: oneOf("ratio", "size"),
  strides: oneOf("level", "image"),
};

export const assignRules: RulesFor<MaxIouOptions> = { positive: share, negative: fraction, lowQuality: oneOf("none", "own", "served", "served-first"), minPositive: optional(fraction) };

export const atssAssignRules: RulesFor<AtssOptions> = { candidates: whole(1) };

export const coderRules: RulesFor<DeltaCoder> = {
  weights: listOf(above0, "four numbers above 0, of dx, dy, dw, dh, as [1, 1, 1, 1]", (length) => length === 4),
  clamp: oneOf("above", "both"),
  centreClamp: optional(above0),
  single: optional(oneOf("encode", "both")),
};

export const region = oneOf("all", "centre", "whole");

export const samplingRules: RulesFor<SamplingOptions> = { count: whole(1), positiveFraction: share };

export const focalRules: RulesFor<FocalOptions> = { alpha: fraction, gamma: from0 };

const clip = oneOf(true, false, "after");

/** Of heads without centre-ness. */
export const decodeRules: RulesFor<Omit<DecodeOptions, "score">> = { scoreThreshold: fraction, perLevel: whole(1), nms: fraction, maxDetections: whole(1), clip, minSize: finite };

/** Of heads with centre-ness. */
export const centernessDecodeRules: RulesFor<DecodeOptions> = { ...decodeRules, score: optional(oneOf("product", "root", "root-first")) };
