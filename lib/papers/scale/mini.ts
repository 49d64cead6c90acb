import { fromScratch } from "./from-scratch.ts";
import type { SmallScale } from "./small.ts";

/**
 * A small set of photographs, as stored (made for 320×240 pixels; other sizes work), on a CPU in minutes per training.
 * Networks from scratch with GroupNorm, levels /8, /16 and /32 above 160 pixels, square anchors.
 */
export const mini: SmallScale = {
  ...fromScratch,
  profile: "mini",
  batchSize: 4,
  transforms: { flip: 0.5, verticalFlip: 0.5, padTo: 32, normalise: "simple" },
  // On bccd a RetinaNet had AP 37 after 200 iterations, its teacher 54. LGD's schedule is longer: after 200 iterations the head
  // detects worse on label-enhanced features than on the student's own, and there is nothing to teach.
  iterations: { "1x": 100, "2x": 200, "2x-ms": 200, "180k": 500 },
  learningRate: { mmdet: 0.004, "detectron2-lgd": 0.004, labelenc: 0.004 },
  teachers: { iterations: 600, learningRate: 0.004 },
};
