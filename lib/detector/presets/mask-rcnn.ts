import type { MaskConfig, MaskRcnnConfig } from "../mask-config.ts";
import { detectron2MaskNames, mmdetMaskNames, torchvisionMaskNames } from "../roi/mask-names.ts";
import { fasterRcnnPresets } from "./faster-rcnn.ts";
import { detectron2TwoStage } from "./recipe.ts";

/** He et al. 2017, figure 4, with torchvision's soft targets and its pasting by whole pixels. */
const torchvisionMask: MaskConfig = {
  size: [14, 14], convs: 4, channels: 256, norm: "none",
  map: "after-background",
  targets: { aligned: false, binary: false, beyond: "border" },
  weight: 1,
  paste: "torchvision",
  threshold: 0.5,
};

/** The same with mmdetection's targets of zeros and ones and its continuous pasting. */
export const mmdetMask: MaskConfig = { ...torchvisionMask, map: "class", targets: { aligned: true, binary: true, beyond: "nothing" }, paste: "mmdet" };

/** Small regions and few channels, for networks trained from scratch without a GPU. */
export const tinyMask: MaskConfig = { ...mmdetMask, size: [8, 8], convs: 2, channels: 32, norm: "auto" };

/** torchvision 0.14 `maskrcnn_resnet50_fpn`. */
const torchvision: MaskRcnnConfig = {
  ...fasterRcnnPresets.torchvision,
  names: { ...fasterRcnnPresets.torchvision.names, mask: torchvisionMaskNames },
  mask: torchvisionMask,
};

/** mmdetection `mask-rcnn_r50_fpn_1x_coco` : regions that are an object's best count as its own. */
const mmdet: MaskRcnnConfig = {
  ...fasterRcnnPresets.mmdet,
  names: { ...fasterRcnnPresets.mmdet.names, mask: mmdetMaskNames() },
  box: { ...fasterRcnnPresets.mmdet.box, assign: { ...fasterRcnnPresets.mmdet.box.assign, lowQuality: "served" } },
  mask: mmdetMask,
};

/** `mask-rcnn_r50_fpn_2x_coco`. */
const mmdetTwice: MaskRcnnConfig = { ...mmdet, recipe: fasterRcnnPresets["mmdet-2x"].recipe };

/** detectron2's `mask_rcnn_R_50_FPN` on MSRA weights, with masks given as bitmaps (`INPUT.MASK_FORMAT: bitmask`). */
const detectron2: MaskRcnnConfig = {
  ...fasterRcnnPresets["detectron2-lgd"],
  recipe: { ...fasterRcnnPresets["detectron2-lgd"].recipe, schedule: detectron2TwoStage },
  names: { ...fasterRcnnPresets["detectron2-lgd"].names, mask: detectron2MaskNames },
  mask: { ...mmdetMask, targets: { aligned: true, binary: true, beyond: "border" } },
};

/** Our own small network for machines without a GPU, trained from scratch. */
const tiny: MaskRcnnConfig = {
  ...fasterRcnnPresets.tiny,
  names: { ...fasterRcnnPresets.tiny.names, mask: torchvisionMaskNames },
  mask: tinyMask,
};

/** Settings by origin. */
export const maskRcnnPresets = { torchvision, mmdet, "mmdet-2x": mmdetTwice, detectron2, tiny } as const satisfies Record<string, MaskRcnnConfig>;
export type MaskRcnnPreset = keyof typeof maskRcnnPresets;
