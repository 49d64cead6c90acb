import type { MaskConfig } from "../mask-config.ts";
import type { BoxHeadConfig, FasterRcnnConfig, RoiConfig, RpnConfig } from "../two-stage-config.ts";
import type { ProposalOptions } from "../rpn/proposals.ts";
import { fitAnchors, fitAssign, fitNorm, type Refuse } from "./fits.ts";
import { anchorRules, assignRules, coderRules, neckRules, region, samplingRules } from "./parts.ts";
import { shown, type RulesFor } from "./rules.ts";
import { above0, flag, fraction, from0, headNorm, listOf, oneOf, optional, whole } from "./values.ts";

const proposalRules: RulesFor<ProposalOptions> = { perLevel: whole(1), total: whole(1), nms: fraction, minSize: from0, scoreThreshold: fraction };

const rpnRules: RulesFor<RpnConfig> = {
  anchors: anchorRules,
  assign: assignRules,
  region,
  sampling: samplingRules,
  coder: coderRules,
  beta: from0,
  normaliser: oneOf("sampled", "sampled-or-one", "count"),
  train: proposalRules,
  test: proposalRules,
};

const roiRules: RulesFor<RoiConfig> = {
  levels: { kind: oneOf("torchvision", "mmdet", "detectron2"), canonical: above0, level: whole(0) },
  samplingRatio: whole(0),
  aligned: flag,
};

const side = (example: string) => listOf(whole(1), `rows and columns, as ${example}`, (length) => length === 2);

/** What the box heads of all stages of a cascade have in common. */
export const sharedBoxRules: RulesFor<Omit<BoxHeadConfig, "assign" | "coder" | "agnostic">> = {
  size: side("[7, 7]"),
  hidden: listOf(whole(1), "the widths of one hidden layer or more, as [1024, 1024]"),
  background: oneOf("first", "last"),
  beta: from0,
  sampling: samplingRules,
  truth: oneOf("append", "prepend", "none"),
  initialiser: oneOf("torchvision", "mmdet", "detectron2"),
};

/** Of every two-stage detector. */
export const sharedRules: RulesFor<Pick<FasterRcnnConfig, "neck" | "rpn" | "roi" | "decode">> = {
  neck: neckRules,
  rpn: rpnRules,
  roi: roiRules,
  decode: { scoreThreshold: fraction, nms: fraction, maxDetections: whole(1), minSize: from0, dropEmpty: optional(flag) },
};

/** Of one box head. */
export const boxRules: RulesFor<BoxHeadConfig> = { ...sharedBoxRules, agnostic: flag, coder: coderRules, assign: assignRules };

export const maskRules: RulesFor<MaskConfig> = {
  size: side("[14, 14]"),
  convs: whole(0, 16), channels: whole(1),
  norm: headNorm,
  map: oneOf("class", "after-background", "only"),
  targets: { aligned: flag, binary: flag, beyond: oneOf("border", "nothing") },
  weight: from0,
  paste: oneOf("torchvision", "mmdet"),
  threshold: fraction,
};

/** @throws Error for anchors that do not fit the pyramid, and thresholds that do not fit each other */
export function fitRpn(refuse: Refuse, { neck, rpn }: Pick<FasterRcnnConfig, "neck" | "rpn">): void {
  fitAnchors(refuse, neck, rpn.anchors, "rpn.anchors");
  fitAssign(refuse, rpn.assign, "rpn.assign");
}

/** @throws Error for regions that are not square, and norms that do not fit the channels */
export function fitMask(refuse: Refuse, mask: MaskConfig): void {
  if (mask.size[0] !== mask.size[1]) refuse("mask.size", shown(mask.size), "equally many rows and columns, as [14, 14]");
  fitNorm(refuse, mask, mask.channels, "mask.norm");
}
