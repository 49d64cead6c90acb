import { rowsOf } from "../tensor/boxes.ts";
import { extractor, headNorm, levelStrides, movingAverage } from "./assemble.ts";
import { assignToPoints, pointTargets, type PointTargetOptions, type PointTargets } from "./assign/point-targets.ts";
import { originalObjects } from "./assign/rows.ts";
import { centredBoxes, decodeDistances } from "./coder/distance.ts";
import type { BoxReader } from "./decode/prediction.ts";
import type { Detector } from "./detector.ts";
import { denseHead, denseOutputs } from "./heads/dense.ts";
import { fcosLoss } from "./loss/fcos.ts";
import { levelRows } from "./loss/rows.ts";
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
  const features = extractor(store, config);
  const head = buildHead(store, config);
  const divisor = config.normaliser === "moving-average" ? movingAverage(store, 300) : undefined;
  const strides = levelStrides(config.neck, config.assign.ranges.length);
  const units = config.head.units === "pixels" ? strides.map(() => 1) : strides;
  const assigning: PointTargetOptions = { classes: config.classes, assign: config.assign, strides, units: config.head.units };
  return oneStageDetector<PointLayout, PointTargets>({
    config, store, strides, features,
    predict: denseOutputs(head),
    layout: pointLayout(config.points, strides),
    targets: (points, targets) => pointTargets(points, targets, assigning),
    loss: (prediction, wanted, moment) => fcosLoss(prediction, wanted, { ...config, ...(divisor && { divisor: divisor(wanted.positives, moment) }) }),
    readBoxes: (points) => distanceReader(points, units),
    split: head.split,
    boxes: ({ boxes }) => centredBoxes(levelRows(boxes, 4)),
    assigned: (points, target) => originalObjects(assignToPoints(points, [target], assigning)[0]),
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
