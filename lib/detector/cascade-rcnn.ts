import { resolveCascadeRcnn, type CascadeRcnnOptions, type CascadeRcnnPreset } from "./options/cascade-rcnn.ts";
import type { Detector } from "./detector.ts";
import { parameterStore } from "./parameters.ts";
import { roiDetector } from "./roi-detector.ts";
import { roiHead } from "./roi/roi-head.ts";
import { cascadeRcnnHead } from "./roi/roi-head-options.ts";
import { firstStage } from "./two-stage.ts";

export type { CascadeRcnnOptions, CascadeRcnnPreset } from "./options/cascade-rcnn.ts";

/**
 * Cascade R-CNN (Cai & Vasconcelos 2018) and, with `masks: true` (the default of `mmdet-mask` and `mmdet-x101-32x4d-dconv`),
 * Cascade Mask R-CNN (2019): box heads one behind another, each trained on the boxes that the one before it refined. The
 * preset says whose details; every option of it can be replaced. A preset's name alone means the classes of its
 * origin's published weights and seed 0.
 *
 * Losses: `rpn.class`, `rpn.box`, then `stage1.class`, `stage1.box` and with masks `stage1.mask`, and so on; the stages'
 * weights are in them. With masks it learns from `Target.masks` and `decode` adds `Detections.masks`.
 *
 * The caller disposes the detector; predictions and losses belong to the caller's tidy scope.
 * @throws Error for unknown options and values that do not fit together; with masks, `loss` for objects without them
 */
export function cascadeRcnn(options: CascadeRcnnOptions | CascadeRcnnPreset): Detector {
  const config = resolveCascadeRcnn(options);
  const store = parameterStore(config.seed);
  const first = firstStage(store, config);
  return roiDetector({ ...config, store, first, head: roiHead(store, cascadeRcnnHead(config, first.regionStrides)) });
}
