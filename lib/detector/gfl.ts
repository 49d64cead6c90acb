import { anchorLayout, type AnchorLayout } from "./anchor-layout.ts";
import { assignedLevels, levelSizes, type PriorLevel } from "./assignment.ts";
import { extractor, headNorm, mapSizes, rememberedPerBatch } from "./assemble.ts";
import { assignByAtss, atssTargets } from "./assign/atss-targets.ts";
import { priorStrides } from "./assign/point-targets.ts";
import { originalObjects } from "./assign/rows.ts";
import { centres, decodeDistances } from "./coder/distance.ts";
import { decodePrediction, rowsOf, type BoxReader } from "./decode/prediction.ts";
import type { Detector, Prediction } from "./detector.ts";
import { denseHead } from "./heads/dense.ts";
import { expectedBin } from "./loss/distribution.ts";
import { gflLoss, gflTargets } from "./loss/gfl.ts";
import { resolveGfl, type GflOptions } from "./options/gfl.ts";
import { oneStageDetector } from "./one-stage.ts";
import { parameterStore } from "./parameters.ts";
import type { GflPreset } from "./presets/gfl.ts";

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
  const { classes, channels, head: { convs, prior, bins, norm: asked }, names } = config;
  const store = parameterStore(config.seed);
  const extract = extractor(store, config);
  const norm = headNorm(asked, channels);
  const head = denseHead(store, { channels, classes, convs, prior, boxOutputs: 4 * bins, centerness: "none", scales: true, activation: "none", levels: config.anchors.sizes.length, names: names.head, ...(norm && { norm }) });
  const strides = config.anchors.sizes.map((_, l) => 2 ** (config.neck.first + l));
  const layout = anchorLayout(config.anchors, strides);
  const layoutOf = (prediction: Prediction) => layout(mapSizes(prediction), prediction);
  const targetsOf = rememberedPerBatch((anchors: AnchorLayout, targets) => gflTargets(atssTargets(anchors, targets, config), priorStrides(anchors.levels, strides), bins));
  const predict: Detector["predict"] = (pyramid, { height, width }) => ({ pyramid, ...head(pyramid), height, width });
  return oneStageDetector({
    config, store, strides, extract, predict,
    loss: (prediction, targets) => gflLoss(prediction, targetsOf(layoutOf(prediction), targets), { classes, bins, loss: config.loss }),
    decode: (prediction, targets) => decodePrediction(prediction, targets, { ...config.decode, classes, readBoxes: distributionReader(layoutOf(prediction).levels, strides, bins) }),
    assignment: (target, size) => {
      const own = layout(levelSizes(strides, size), size);
      return assignedLevels(own.levels, originalObjects(assignByAtss(own, [target], config)[0]));
    },
  });
}

/** Reads the expected distances, in strides, from the centres of the anchors of a layout. */
function distributionReader(levels: readonly PriorLevel[], strides: readonly number[], bins: number): BoxReader {
  return (outputs, priors, l) => {
    const distances = Float64Array.from({ length: 4 * priors.length }, (_, k) => strides[l] * expectedBin(outputs, k * bins, bins));
    return decodeDistances(centres(rowsOf(levels[l].coordinates, priors, 4)), distances);
  };
}
