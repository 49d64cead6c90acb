import type { BoxHeadNames } from "../heads/box.ts";

/** torchvision's TwoMLPHead and FastRCNNPredictor. */
export const torchvisionBoxNames: BoxHeadNames = {
  hidden: (index) => `roi_heads.box_head.fc${6 + index}`,
  class: "roi_heads.box_predictor.cls_score",
  box: "roi_heads.box_predictor.bbox_pred",
};

/** mmdetection's Shared2FCBBoxHead; a cascade's stages are `roi_head.bbox_head.0.` and so on. */
export function mmdetBoxNames(prefix = "roi_head.bbox_head."): BoxHeadNames {
  return { hidden: (index) => `${prefix}shared_fcs.${index}`, class: `${prefix}fc_cls`, box: `${prefix}fc_reg` };
}

/** detectron2's FastRCNNConvFCHead and FastRCNNOutputLayers. */
export const detectron2BoxNames: BoxHeadNames = {
  hidden: (index) => `roi_heads.box_head.fc${1 + index}`,
  class: "roi_heads.box_predictor.cls_score",
  box: "roi_heads.box_predictor.bbox_pred",
};
