import * as tf from "@tensorflow/tfjs-core";
import type { AtssTargets } from "../assign/atss-targets.ts";
import { decodeDeltasTensor, type DeltaCoder } from "../coder/delta.ts";
import { centerness, centres, encodeDistances } from "../coder/distance.ts";
import type { LossTerms, Prediction } from "../detector.ts";
import { binaryCrossEntropy } from "./binary-cross-entropy.ts";
import { iouLoss } from "./box.ts";
import { centernessOf } from "./fcos.ts";
import { focalLoss, type FocalOptions } from "./focal.ts";
import { levelRows } from "./rows.ts";

export interface AtssLossOptions {
  readonly classes: number;
  readonly focal: FocalOptions;
  readonly coder: DeltaCoder;
  readonly boxLoss: { readonly weight: number };
}

/** ATSS's losses (Zhang et al. 2020): focal, GIoU weighted by centre-ness, and centre-ness, of deltas to square anchors. */
export function atssLoss(prediction: Prediction, targets: AtssTargets, { classes, focal, coder, boxLoss }: AtssLossOptions): LossTerms {
  const count = targets.rows.length;
  const share = 1 / targets.normaliser;
  const rows = tf.tensor1d(targets.rows, "int32");
  const at = (maps: readonly tf.Tensor4D[], depth: number): tf.Tensor2D => tf.gather(levelRows(maps, depth), rows);
  const present = tf.tensor1d(targets.present.map((v) => v * share));
  const classification = focalLoss(levelRows(prediction.logits, classes), {
    weights: tf.tensor2d(targets.counted.map((v) => v * share), [targets.counted.length, 1]),
    positions: tf.tensor1d(targets.positions, "int32"),
    positiveWeights: present,
  }, focal);
  const central = anchorCenterness(targets);
  const total = Math.max(central.reduce((sum, v) => sum + v, 0), 1);
  const boxes = decodeDeltasTensor(tf.tensor2d(Float32Array.from(targets.anchors), [count, 4]), at(prediction.boxes, 4), coder);
  const overlap = iouLoss(boxes, tf.tensor2d(targets.boxes, [count, 4]), { kind: "giou" });
  const box = tf.sum<tf.Scalar>(tf.mul(overlap, tf.tensor1d(central.map((v) => (v * boxLoss.weight) / total))));
  const centre = binaryCrossEntropy(tf.reshape<tf.Rank.R1>(at(centernessOf(prediction), 1), [-1]), tf.tensor1d(central));
  return { class: classification, box, centerness: tf.sum<tf.Scalar>(tf.mul(centre, present)) };
}

/** [P] centre-ness of the anchors' centres in their objects; 0 in the row that stands in for no positives. */
function anchorCenterness({ anchors, boxes, present }: AtssTargets): Float32Array {
  const d = encodeDistances(centres(anchors), boxes);
  return present.map((v, i) => v * centerness(d[4 * i], d[4 * i + 1], d[4 * i + 2], d[4 * i + 3]));
}
