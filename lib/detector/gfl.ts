import { rowsOf } from "../tensor/boxes.ts";
import { priorStrides } from "./assign/point-targets.ts";
import type { PriorLevel } from "./assignment.ts";
import { centres, decodeDistances } from "./coder/distance.ts";
import { expectedRows } from "./decode/rows.ts";
import type { BoxReader } from "./decode/prediction.ts";
import type { Detector } from "./detector.ts";
import { expectedBin } from "./loss/distribution.ts";
import { gflLoss, gflTargets } from "./loss/gfl.ts";
import { resolveGfl, type GflOptions } from "./options/gfl.ts";
import type { GflPreset } from "./presets/gfl.ts";
import { squareDetector } from "./square.ts";

export type { GflOptions } from "./options/gfl.ts";

/**
 * GFL (Li et al. 2020, "Generalized Focal Loss"): ATSS whose class scores are the IoU to expect and whose distances are
 * distributions over bins. Losses: `class`, `box`, `distribution`; `Prediction.boxes` holds [B, H, W, 4 · bins] logits, side
 * by side l, t, r, b.
 *
 * The caller disposes the detector; predictions and losses belong to the caller's tidy scope.
 * @param options a preset's name alone means its origin's 80 classes and seed 0
 * @throws Error for unknown options and values that do not fit together
 */
export function gfl(options: GflPreset | GflOptions): Detector {
  const config = resolveGfl(options);
  const { classes, head: { bins }, loss } = config;
  return squareDetector(config, {
    head: { boxOutputs: 4 * bins, centerness: "none" },
    targets: (chosen, { levels }, strides) => gflTargets(chosen, priorStrides(levels, strides), bins),
    loss: (prediction, wanted) => gflLoss(prediction, wanted, { classes, bins, loss }),
    boxes: ({ boxes }) => expectedRows(boxes, bins),
    readBoxes: ({ levels }, strides) => distributionReader(levels, strides, bins),
  });
}

/** Reads the expected distances, in strides, from the centres of the anchors of a layout. */
function distributionReader(levels: readonly PriorLevel[], strides: readonly number[], bins: number): BoxReader {
  return (outputs, priors, l) => {
    const distances = Float64Array.from({ length: 4 * priors.length }, (_, k) => strides[l] * expectedBin(outputs, k * bins, bins));
    return decodeDistances(centres(rowsOf(levels[l].coordinates, priors, 4)), distances);
  };
}
