import * as tf from "@tensorflow/tfjs-core";
import type { PointTargets } from "../assign/point-targets.ts";
import { centredBoxes } from "../coder/distance.ts";
import type { LossTerms, Prediction } from "../detector.ts";
import type { FcosBoxLossConfig } from "../presets/fcos.ts";
import { binaryCrossEntropy } from "./binary-cross-entropy.ts";
import { iouLoss } from "./box.ts";
import { focalLoss, type FocalOptions } from "./focal.ts";
import { levelRows } from "./rows.ts";

export interface FcosLossOptions {
  readonly classes: number;
  readonly focal: FocalOptions;
  readonly boxLoss: FcosBoxLossConfig;
  /** What the sums are divided by in place of the batch's positives. */
  readonly divisor?: tf.Scalar;
}

/**
 * FCOS's three losses (Tian et al. 2019, eq. 2 and section 3.3): focal over all points; IoU or GIoU and centre-ness over the
 * positives.
 */
export function fcosLoss(prediction: Prediction, targets: PointTargets, { classes, focal, boxLoss, divisor }: FcosLossOptions): LossTerms {
  const count = Math.max(targets.positives.reduce((sum, n) => sum + n, 0), 1);
  const scale = divisor === undefined ? 1 / count : 1;
  const normalised = (sum: tf.Scalar): tf.Scalar => (divisor === undefined ? sum : tf.div(sum, divisor));
  const scaled = (values: Float32Array, factor: number) => Float32Array.from(values, (v) => v * factor);
  const present = tf.tensor1d(scaled(targets.present, scale));
  const rows = tf.tensor1d(targets.rows, "int32");
  const at = (maps: readonly tf.Tensor4D[], depth: number): tf.Tensor2D => tf.gather(levelRows(maps, depth), rows);
  const sumOf = (values: tf.Tensor1D, weights: tf.Tensor1D): tf.Scalar => tf.sum(tf.mul(values, weights));

  const classification = focalLoss(levelRows(prediction.logits, classes), {
    weights: tf.tensor2d(scaled(targets.counted, scale), [targets.counted.length, 1]),
    positions: tf.tensor1d(targets.positions, "int32"),
    positiveWeights: present,
  }, focal);
  const wanted = tf.tensor2d(targets.distances, [targets.rows.length, 4]);
  const overlap = iouLoss(centredBoxes(at(prediction.boxes, 4)), centredBoxes(wanted), boxLoss.kind === "log" ? { kind: "log", epsilon: 1e-6 } : { kind: "giou" });
  const byCentre = boxLoss.weighting === "centerness";
  const boxWeights = byCentre ? tf.tensor1d(scaled(shares(targets), boxLoss.weight)) : tf.mul<tf.Tensor1D>(present, boxLoss.weight);
  const box = sumOf(overlap, boxWeights);
  const centre = binaryCrossEntropy(tf.reshape<tf.Rank.R1>(at(centernessOf(prediction), 1), [-1]), tf.tensor1d(targets.centerness));
  return { class: normalised(classification), box: byCentre ? box : normalised(box), centerness: normalised(sumOf(centre, present)) };
}

/** @throws Error when the prediction has no centre-ness */
export function centernessOf(prediction: Prediction): readonly tf.Tensor4D[] {
  const maps = prediction.extra?.centerness;
  if (maps === undefined) throw new Error("the prediction has no extra.centerness; pass what this detector's own predict gives");
  return maps;
}

/** [P] each positive's part of the sum of centre-ness. */
function shares({ centerness, present }: PointTargets): Float32Array {
  const sum = centerness.reduce((total, v, i) => total + v * present[i], 0);
  return Float32Array.from(centerness, (v, i) => (v * present[i]) / Math.max(sum, 1e-6));
}
