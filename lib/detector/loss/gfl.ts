import * as tf from "@tensorflow/tfjs-core";
import { withoutTape } from "../../tensor/stop-gradient.ts";
import type { AtssTargets } from "../assign/atss-targets.ts";
import { centredBoxes, centres, encodeDistances } from "../coder/distance.ts";
import type { LossTerms, Prediction } from "../detector.ts";
import type { GflLossConfig } from "../presets/gfl.ts";
import { iouLoss } from "./box.ts";
import { distributionFocalLoss, expectation } from "./distribution.ts";
import { qualityFocalLoss } from "./quality-focal.ts";
import { levelRows } from "./rows.ts";

/** What GFL should say about a batch, on the host. */
export interface GflTargets extends AtssTargets {
  /** [P, 4] distances l, t, r, b from the anchors' centres in strides. */
  readonly distances: Float32Array;
  /** [P·4] the same, cut to what the bins can say. */
  readonly bins: Float32Array;
}

/** @param strides [N] each prior's stride in pixels */
export function gflTargets(targets: AtssTargets, strides: Float64Array, bins: number): GflTargets {
  const unit = (k: number) => strides[targets.priors[k >> 2]];
  const distances = encodeDistances(centres(targets.anchors), targets.boxes).map((v, k) => v / unit(k));
  return { ...targets, distances: Float32Array.from(distances), bins: Float32Array.from(distances, (v) => Math.min(Math.max(v, 0), bins - 1 - 0.1)) };
}

export interface GflLossOptions {
  readonly classes: number;
  readonly bins: number;
  readonly loss: GflLossConfig;
}

/**
 * Generalized Focal Loss (Li et al. 2020): the class of a positive should score its box's IoU; its box is the expectation of
 * four distributions, held to the object by GIoU and each to its distance by the distribution focal loss. Boxes count by
 * the highest class score of their cell. IoU and score carry no gradient.
 */
export function gflLoss(prediction: Prediction, targets: GflTargets, { classes, bins, loss }: GflLossOptions): LossTerms {
  const count = targets.rows.length;
  const share = 1 / targets.normaliser;
  const rows = tf.tensor1d(targets.rows, "int32");
  const logits = levelRows(prediction.logits, classes);
  const sides = tf.reshape<tf.Rank.R2>(tf.gather(levelRows(prediction.boxes, 4 * bins), rows), [4 * count, bins]);
  const predicted = centredBoxes(tf.reshape<tf.Rank.R2>(expectation(sides), [count, 4]));
  const wanted = centredBoxes(tf.tensor2d(targets.distances, [count, 4]));
  const present = tf.tensor1d(targets.present);
  const { qualities, weights } = withoutTape(() => {
    const highest = tf.sigmoid(tf.max(tf.gather(logits, rows), 1));
    const counted = tf.mul<tf.Tensor1D>(highest, present);
    return {
      qualities: tf.sub<tf.Tensor1D>(1, iouLoss(predicted, wanted, { kind: "linear", epsilon: 0 })),
      weights: tf.div<tf.Tensor1D>(counted, tf.maximum(tf.sum(counted), 1)),
    };
  });
  const classification = qualityFocalLoss(logits, {
    weights: tf.tensor2d(targets.counted.map((v) => v * share), [targets.counted.length, 1]),
    positions: tf.tensor1d(targets.positions, "int32"),
    positiveWeights: tf.mul<tf.Tensor1D>(present, share),
    qualities,
  }, loss);
  const overlap = iouLoss(predicted, wanted, { kind: "giou" });
  const each = tf.mean<tf.Tensor1D>(tf.reshape(distributionFocalLoss(sides, targets.bins), [count, 4]), 1);
  const weighted = (values: tf.Tensor1D, weight: number): tf.Scalar => tf.mul(tf.sum(tf.mul(values, weights)), weight);
  return { class: classification, box: weighted(overlap, loss.box), distribution: weighted(each, loss.distribution) };
}
