import { assignedLevels, levelSizes } from "./assignment.ts";
import { extractor, headNorm, mapSizes, movingAverage, rememberedPerBatch } from "./assemble.ts";
import { assignToPoints, pointTargets, type PointTargetOptions } from "./assign/point-targets.ts";
import { originalObjects } from "./assign/rows.ts";
import { decodeDistances } from "./coder/distance.ts";
import { decodePrediction, rowsOf, type BoxReader } from "./decode/prediction.ts";
import type { Detector, Prediction } from "./detector.ts";
import { denseHead } from "./heads/dense.ts";
import { fcosLoss } from "./loss/fcos.ts";
import { resolveFcos, type FcosOptions, type ResolvedFcos } from "./options/fcos.ts";
import { oneStageDetector } from "./one-stage.ts";
import { parameterStore, type ParameterStore } from "./parameters.ts";
import { pointLayout, type PointLayout } from "./points.ts";
import type { FcosPreset } from "./presets/fcos.ts";

export type { FcosOptions } from "./options/fcos.ts";

/**
 * FCOS (Tian et al. 2019, "FCOS: Fully Convolutional One-Stage Object Detection"): every point of the pyramid inside an
 * object says its class, the distances to the four sides, and how central it lies. The preset says whose details; every
 * option of it can be replaced. Losses: `class`, `box`, `centerness`; `Prediction.extra.centerness` holds [B, H, W, 1] logits
 * per level, `boxes` distances l, t, r, b in the head's unit.
 *
 * The caller disposes the detector; predictions and losses belong to the caller's tidy scope.
 * @param options a preset's name alone means its origin's number of classes (80; torchvision 91) and seed 0
 * @throws Error for unknown options and values that do not fit together
 */
export function fcos(options: FcosPreset | FcosOptions): Detector {
  const config = resolveFcos(options);
  const store = parameterStore(config.seed);
  const extract = extractor(store, config);
  const head = buildHead(store, config);
  const divisor = config.normaliser === "moving-average" ? movingAverage(store, 300) : undefined;
  const strides = config.assign.ranges.map((_, l) => 2 ** (config.neck.first + l));
  const layout = pointLayout(config.points, strides);
  const layoutOf = (prediction: Prediction) => layout(mapSizes(prediction), prediction);
  const targetOptions: PointTargetOptions = { classes: config.classes, assign: config.assign, strides, units: config.head.units };
  const targetsOf = rememberedPerBatch((points: PointLayout, targets) => pointTargets(points, targets, targetOptions));

  const predict: Detector["predict"] = (pyramid, { height, width }) => {
    const { logits, boxes, centerness = [] } = head(pyramid);
    return { pyramid, logits, boxes, extra: { centerness }, height, width };
  };
  return oneStageDetector({
    config, store, strides, extract, predict,
    loss: (prediction, targets, moment) => {
      const wanted = targetsOf(layoutOf(prediction), targets);
      return fcosLoss(prediction, wanted, { ...config, ...(divisor && { divisor: divisor(wanted.positives, moment) }) });
    },
    decode: (prediction, targets) => decodePrediction(prediction, targets, { ...config.decode, classes: config.classes, readBoxes: distanceReader(layoutOf(prediction), config.head.units === "pixels" ? strides.map(() => 1) : strides) }),
    assignment: (target, size) => {
      const points = layout(levelSizes(strides, size), size);
      return assignedLevels(points.levels, originalObjects(assignToPoints(points, [target], targetOptions)[0]));
    },
  });
}

function buildHead(store: ParameterStore, { head, channels, classes, names, assign }: ResolvedFcos): ReturnType<typeof denseHead> {
  const norm = headNorm(head.norm, channels);
  const { convs, prior, bias, scales, centerness, activation } = head;
  return denseHead(store, { channels, classes, convs, prior, bias, scales, centerness, activation, boxOutputs: 4, levels: assign.ranges.length, names: names.head, ...(norm && { norm }) });
}

/** Reads distances, in units of so many pixels per level, from the points of a layout. */
function distanceReader({ levels }: PointLayout, units: readonly number[]): BoxReader {
  return (distances, priors, l) => decodeDistances(rowsOf(levels[l].coordinates, priors, 2), Float64Array.from(distances, (v) => v * units[l]));
}
