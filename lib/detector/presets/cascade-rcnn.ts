import type { CascadeNames, CascadeRcnnConfig, CascadeStageConfig } from "../mask-config.ts";
import { mmdetBoxNames } from "../roi/box-names.ts";
import { mmdetMaskNames } from "../roi/mask-names.ts";
import { fasterRcnnPresets } from "./faster-rcnn.ts";
import { mmdetMask, tinyMask } from "./mask-rcnn.ts";

/** mmdetection 2 and 3. */
const names: CascadeNames = {
  ...fasterRcnnPresets.mmdet.names,
  box: (stage) => mmdetBoxNames(`roi_head.bbox_head.${stage}.`),
  mask: (stage) => mmdetMaskNames(`roi_head.mask_head.${stage}.`),
};

/** Cai & Vasconcelos 2018, section 4.1: overlaps rise, regression targets shrink, and mmdetection halves the weights. */
const stages: readonly CascadeStageConfig[] = [
  { iou: 0.5, deviations: [0.1, 0.1, 0.2, 0.2], weight: 1 },
  { iou: 0.6, deviations: [0.05, 0.05, 0.1, 0.1], weight: 0.5 },
  { iou: 0.7, deviations: [0.033, 0.033, 0.067, 0.067], weight: 0.25 },
].map(({ iou, deviations: [x, y, w, h], weight }) => ({
  assign: { positive: iou, negative: iou, lowQuality: "none", minPositive: iou },
  coder: { weights: [1 / x, 1 / y, 1 / w, 1 / h], clamp: "both", single: "encode" },
  weight,
}));

const { assign: _assign, coder: _coder, agnostic: _agnostic, ...mmdetBox } = fasterRcnnPresets.mmdet.box;

/** mmdetection `cascade-rcnn_r50_fpn_1x_coco`: three stages, smooth L1 with β = 1 (1/9 in the proposal network), 2000 proposals, no anchors beyond the image. */
const mmdet: CascadeRcnnConfig = {
  ...fasterRcnnPresets.mmdet,
  names,
  rpn: { ...fasterRcnnPresets.mmdet.rpn, region: "whole", beta: 1 / 9, train: { ...fasterRcnnPresets.mmdet.rpn.train, total: 2000 } },
  box: { ...mmdetBox, beta: 1 },
  stages,
  masks: false,
  mask: mmdetMask,
};

/** mmdetection `cascade-mask-rcnn_r50_fpn_1x_coco`. */
const mmdetWithMasks: CascadeRcnnConfig = { ...mmdet, masks: true };

/**
 * mmdetection `cascade-mask-rcnn_x101-32x4d-dconv-c3-c5_fpn_1x_coco` (47.3 box AP, 41.1 mask AP), the teacher of Shared-KD:
 * ResNeXt-101 32×4d with deformable convolutions in C3 to C5. They are of version 1: its configuration says
 * `dcn=dict(type="DCN")`, offsets without modulation, so that `conv_offset` has 18 channels and not 27; mmdetection
 * calls modulated ones `DCNv2`, "mdconv" in its configurations' names, and has none of this network.
 */
const teacher: CascadeRcnnConfig = {
  ...mmdetWithMasks,
  backbone: { ...mmdet.backbone, name: "resnext-101-32x4d", groups: 32, width: 4, dcn: { stages: [3, 4, 5], version: 1, deformGroups: 1 } },
};

/** Our own small network for machines without a GPU, trained from scratch. */
const tiny: CascadeRcnnConfig = {
  ...fasterRcnnPresets.tiny,
  names,
  box: { ...mmdetBox, size: fasterRcnnPresets.tiny.box.size, hidden: fasterRcnnPresets.tiny.box.hidden, sampling: fasterRcnnPresets.tiny.box.sampling, beta: 1 },
  stages,
  masks: false,
  mask: tinyMask,
};

/** Settings by origin. */
export const cascadeRcnnPresets = { mmdet, "mmdet-mask": mmdetWithMasks, "mmdet-x101-32x4d-dconv": teacher, tiny } as const satisfies Record<string, CascadeRcnnConfig>;
export type CascadeRcnnPreset = keyof typeof cascadeRcnnPresets;
