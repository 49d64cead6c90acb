import { decodedRows } from "./decode/rows.ts";
import { deltaReader } from "./decode/prediction.ts";
import type { Detector } from "./detector.ts";
import { atssLoss } from "./loss/atss.ts";
import { resolveAtss, type AtssDetectorOptions } from "./options/atss.ts";
import type { AtssPreset } from "./presets/atss.ts";
import { squareDetector } from "./square.ts";

export type { AtssDetectorOptions } from "./options/atss.ts";

/**
 * ATSS (Zhang et al. 2020, "Bridging the Gap Between Anchor-based and Anchor-free Detection"): one square anchor per cell,
 * positives chosen by the statistics of each object's own candidates, centre-ness. Losses: `class`, `box`, `centerness`;
 * `Prediction.extra.centerness` holds [B, H, W, 1] logits per level.
 *
 * The caller disposes the detector; predictions and losses belong to the caller's tidy scope.
 * @param options a preset's name alone means its origin's 80 classes and seed 0
 * @throws Error for unknown options and values that do not fit together
 */
export function atss(options: AtssPreset | AtssDetectorOptions): Detector {
  const config = resolveAtss(options);
  return squareDetector(config, {
    head: { boxOutputs: 4, centerness: "box" },
    targets: (chosen) => chosen,
    loss: (prediction, wanted) => atssLoss(prediction, wanted, config),
    readBoxes: ({ levels }) => deltaReader(levels, config.coder),
    boxes: ({ boxes }, { anchors }) => decodedRows(boxes, anchors, config.coder),
  });
}
