import { anchorLayout, type AnchorLayout } from "./anchor-layout.ts";
import { assignedLevels, levelSizes } from "./assignment.ts";
import { extractor, headNorm, mapSizes, rememberedPerBatch } from "./assemble.ts";
import { assignByAtss, atssTargets } from "./assign/atss-targets.ts";
import { originalObjects } from "./assign/rows.ts";
import { decodePrediction, deltaReader } from "./decode/prediction.ts";
import type { Detector, Prediction } from "./detector.ts";
import { denseHead } from "./heads/dense.ts";
import { atssLoss } from "./loss/atss.ts";
import { resolveAtss, type AtssDetectorOptions } from "./options/atss.ts";
import { oneStageDetector } from "./one-stage.ts";
import { parameterStore } from "./parameters.ts";
import type { AtssPreset } from "./presets/atss.ts";

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
  const { classes, channels, head: { convs, prior, norm: asked }, names } = config;
  const store = parameterStore(config.seed);
  const extract = extractor(store, config);
  const norm = headNorm(asked, channels);
  const head = denseHead(store, { channels, classes, convs, prior, boxOutputs: 4, centerness: "box", scales: true, activation: "none", levels: config.anchors.sizes.length, names: names.head, ...(norm && { norm }) });
  const strides = config.anchors.sizes.map((_, l) => 2 ** (config.neck.first + l));
  const layout = anchorLayout(config.anchors, strides);
  const layoutOf = (prediction: Prediction) => layout(mapSizes(prediction), prediction);
  const targetsOf = rememberedPerBatch((anchors: AnchorLayout, targets) => atssTargets(anchors, targets, config));
  const predict: Detector["predict"] = (pyramid, { height, width }) => {
    const { logits, boxes, centerness = [] } = head(pyramid);
    return { pyramid, logits, boxes, extra: { centerness }, height, width };
  };
  return oneStageDetector({
    config, store, strides, extract, predict,
    loss: (prediction, targets) => atssLoss(prediction, targetsOf(layoutOf(prediction), targets), config),
    decode: (prediction, targets) => decodePrediction(prediction, targets, { ...config.decode, classes, readBoxes: deltaReader(layoutOf(prediction).levels, config.coder) }),
    assignment: (target, size) => {
      const own = layout(levelSizes(strides, size), size);
      return assignedLevels(own.levels, originalObjects(assignByAtss(own, [target], config)[0]));
    },
  });
}
