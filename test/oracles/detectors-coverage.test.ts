import { describe, expect, it } from "vitest";
import { allCases } from "./detectors-oracle.ts";

/** Beginnings of the functions whose cases are run, and by which test. */
const covered: Readonly<Record<string, string>> = {
  "torchvision.ops.box_iou": "boxes",
  "torchvision BoxCoder": "boxes",
  "torchvision AnchorGenerator + Matcher(0.5, 0.4, low quality)": "assign",
  "torchvision AnchorGenerator": "boxes",
  "mmdet AnchorGenerator": "boxes",
  "torchvision.ops.nms": "boxes",
  "mmdet multiclass_nms": "boxes",
  "torchvision clip_boxes_to_image": "boxes",
  DefaultAnchorGenerator: "boxes",
  "torchvision.ops.roi_align": "roi-align",
  "torchvision LevelMapper": "roi-align",
  "torchvision MultiScaleRoIAlign": "roi-align",
  assign_boxes_to_levels: "roi-align",
  "torch cross_entropy": "roi-heads",
  "torchvision fastrcnn_loss": "roi-heads",
  "torchvision RoIHeads": "roi-heads",
  "mmdet StandardRoIHead": "roi-heads; roi-masks",
  "mmdet CascadeRoIHead": "roi-masks",
  FastRCNNOutputLayers: "roi-heads",
  "mmdet RPNHead": "faster-rcnn",
  "torchvision faster_rcnn": "faster-rcnn",
  "torchvision RegionProposalNetwork": "faster-rcnn",
  "torch.nn.functional.interpolate": "ops",
  "torch interpolate(scale_factor": "ops",
  "torch group_norm": "ops",
  "torch batch_norm": "ops",
  "torch max_pool2d(3, stride 2, padding 1)": "ops",
  "torch conv2d": "ops",
  "torch adaptive_avg_pool2d": "ops",
  "torch conv_transpose2d": "mask-parts",
  "mmdet mask_cross_entropy": "mask-parts",
  "torchvision maskrcnn_loss": "mask-parts",
  "torchvision mask_rcnn": "mask-rcnn",
  "mmdet CascadeRCNN": "mask-rcnn",
  "torchvision sigmoid_focal_loss": "losses",
  "mmdet giou_loss": "losses",
  "mmdet smooth_l1_loss": "losses",
  "torchvision Matcher; mmdet": "assign",
  "torchvision Matcher(0.7, 0.3, low quality)": "assign",
  "mmdet MaxIoUAssigner on": "assign",
  Matcher: "assign",
  Box2BoxTransform: "assign",
  "torchvision resnet": "backbones",
  "torchvision wide_resnet": "backbones",
  "torchvision resnext": "backbones",
  "torchvision ResNet(": "backbones",
  "torchvision regnet": "backbones",
  "torchvision FeaturePyramidNetwork": "backbones",
  "mmdet DistancePointBBoxCoder": "boxes",
  "mmdet MlvlPointGenerator": "boxes",
  "mmdet quality_focal_loss": "losses",
  "mmdet distribution_focal_loss": "losses",
  "centerness target": "losses",
  "mmdet knowledge_distillation_kl_div_loss": "losses",
  "mmdet ATSSAssigner": "assign",
  "mmdet FCOSHead.get_targets": "assign",
  "mmdet FCOSHead.loss_by_feat": "fcos",
  "fcos label_anchors": "fcos",
  "mmdet FCOS.loss": "fcos",
  "torchvision fcos with": "fcos",
  "mmdet GFLHead.loss_by_feat": "gfl",
  "mmdet GFL.loss": "gfl",
  "mmdet ATSSHead.loss_by_feat": "gfl",
  "mmdet RetinaHead.": "retinanet",
  "retinanet label_anchors": "retinanet",
  "mmdet RetinaNet.loss": "retinanet",
  "torchvision retinanet with": "retinanet",
  "torchvision retinanet_v2 with": "retinanet",
  "torchvision GeneralizedRCNNTransform.resize": "pipeline",
  "torchvision resize_boxes": "pipeline",
  "mmcv.imresize": "pipeline",
  "torchvision paste_masks_in_image": "paste",
  frPyObjects: "masks",
  "encode, decode, area": "masks",
  "iou (masks": "masks",
  "ResizeShortestEdge.get_output_shape": "pipeline",
};

/** Beginnings of the functions whose cases are left out, and why. */
const leftOut: Readonly<Record<string, string>> = {
};

describe.skipIf(allCases.length === 0)("oracles: coverage", () => {
  it("runs every case or says why not", () => {
    const begins = (table: Readonly<Record<string, string>>, name: string) => Object.keys(table).filter((key) => name.startsWith(key));
    const reasons = new Map<string, string[]>();
    for (const one of allCases) {
      const [runs, left] = [begins(covered, one.function), begins(leftOut, one.function)];
      expect(runs.length + left.length, `${one.file} ${one.name}: nobody knows the function "${one.function}"`).toBeGreaterThan(0);
      if (runs.length > 0) continue;
      const reason = leftOut[left[0]];
      reasons.set(reason, [...(reasons.get(reason) ?? []), `${one.file.replace(".json", "")} ${one.name}`]);
    }
    const lines = Array.from(reasons, ([reason, names]) => `${reason}: ${names.length} cases (${names.join(", ")})`);
    console.info(`LEFT OUT of the detector oracles, ${Array.from(reasons.values()).flat().length} of ${allCases.length} cases:\n${lines.join("\n")}`);
  });
});
