import { fromScratch } from "./from-scratch.ts";
import type { SmallScale } from "./small.ts";

/**
 * Synthetic scenes on two CPU cores in half an hour for everything: it proves the pipeline, and little else. Networks from
 * scratch with GroupNorm, three levels, square anchors.
 */
export const smoke: SmallScale = {
  ...fromScratch,
  profile: "smoke",
  batchSize: 8,
  transforms: { flip: 0.5, padTo: 32, normalise: "simple" },
  // Of 150, 200 and 300 iterations a RetinaNet had AP 36, 41 and 46, its teacher 52: 150 leave room, and all trainings take half an hour.
  iterations: { "1x": 100, "2x": 150, "2x-ms": 150, "180k": 150 },
  learningRate: { mmdet: 0.006, "detectron2-lgd": 0.006, labelenc: 0.006 },
  teachers: { iterations: 400, learningRate: 0.004 },
};
