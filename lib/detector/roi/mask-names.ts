import type { MaskHeadNames } from "../heads/mask.ts";

/** torchvision's `maskrcnn_resnet50_fpn` (and `_v2`, whose norms follow their convolutions). */
export const torchvisionMaskNames: MaskHeadNames = {
  conv: (index) => `roi_heads.mask_head.${index}.0`,
  norm: (index) => `roi_heads.mask_head.${index}.1`,
  upsample: "roi_heads.mask_predictor.conv5_mask",
  logits: "roi_heads.mask_predictor.mask_fcn_logits",
};

/** mmdetection's FCNMaskHead; a cascade's stages are `roi_head.mask_head.0.` and so on. */
export function mmdetMaskNames(prefix = "roi_head.mask_head."): MaskHeadNames {
  return {
    conv: (index) => `${prefix}convs.${index}.conv`,
    norm: (index) => `${prefix}convs.${index}.bn`,
    upsample: `${prefix}upsample`,
    logits: `${prefix}conv_logits`,
  };
}

/** detectron2's MaskRCNNConvUpsampleHead. */
export const detectron2MaskNames: MaskHeadNames = {
  conv: (index) => `roi_heads.mask_head.mask_fcn${index + 1}`,
  norm: (index) => `roi_heads.mask_head.mask_fcn${index + 1}.norm`,
  upsample: "roi_heads.mask_head.deconv",
  logits: "roi_heads.mask_head.predictor",
};
