import type { Detector } from "./detector.ts";
import { resolveMaskRcnn, type MaskRcnnOptions, type MaskRcnnPreset } from "./options/mask-rcnn.ts";
import { parameterStore } from "./parameters.ts";
import { roiDetector } from "./roi-detector.ts";
import { roiHead } from "./roi/roi-head.ts";
import { maskRcnnHead } from "./roi/roi-head-options.ts";
import { firstStage } from "./two-stage.ts";

export type { MaskRcnnOptions, MaskRcnnPreset } from "./options/mask-rcnn.ts";

/**
 * Mask R-CNN (He et al. 2017): Faster R-CNN on a feature pyramid with a branch that segments each region. The preset says
 * whose details; every option of it can be replaced. A preset's name alone means the classes of its
 * origin's published weights and seed 0.
 *
 * It learns from `Target.masks`: load the batches with `masks: true`. `decode` adds `Detections.masks`. Losses: `rpn.class`,
 * `rpn.box`, `roi.class`, `roi.box`, `mask`; the prediction is the proposal network's, as Faster R-CNN's.
 *
 * The caller disposes the detector; predictions and losses belong to the caller's tidy scope.
 * @throws Error for unknown options and values that do not fit together; `loss` for objects without masks
 */
export function maskRcnn(options: MaskRcnnOptions | MaskRcnnPreset): Detector {
  const config = resolveMaskRcnn(options);
  const store = parameterStore(config.seed);
  const first = firstStage(store, config);
  return roiDetector({ ...config, store, first, head: roiHead(store, maskRcnnHead(config, first.regionStrides)) });
}
