import * as tf from "@tensorflow/tfjs-core";
import type { DenseTargets } from "../assign/dense-targets.ts";
import { decodeDeltasTensor, type DeltaCoder } from "../coder/delta.ts";
import type { LossTerms, Prediction } from "../detector.ts";
import type { BoxLossConfig } from "../config.ts";
import { iouLoss, smoothL1 } from "./box.ts";
import { focalLoss, type FocalOptions } from "./focal.ts";
import { levelRows } from "./rows.ts";

export interface DenseLossOptions {
  readonly classes: number;
  readonly coder: DeltaCoder;
  readonly focal: FocalOptions;
  readonly boxLoss: BoxLossConfig;
  /** Names of classification and box loss. */
  readonly losses: readonly [string, string];
}

/**
 * The two losses of an anchor-based one-stage head: focal over all anchors that are not ignored, and a box loss over the
 * positives. Normalisers are in the targets' weights; `divisor` divides both once more.
 */
export function denseLoss(prediction: Prediction, targets: DenseTargets, { classes, coder, focal, boxLoss, losses, divisor }: DenseLossOptions & { readonly divisor?: tf.Scalar }): LossTerms {
  const count = targets.rows.length;
  const positiveWeights = tf.tensor1d(targets.positiveWeights);
  const classification = focalLoss(levelRows(prediction.logits, classes), {
    weights: tf.tensor2d(targets.weights, [targets.weights.length, 1]),
    positions: tf.tensor1d(targets.positions, "int32"),
    positiveWeights,
  }, focal);
  const predicted = tf.gather(levelRows(prediction.boxes, 4), tf.tensor1d(targets.rows, "int32"));
  const weights = tf.tensor2d(targets.positiveWeights.map((w) => w * boxLoss.weight), [count, 1]);
  const wanted = tf.tensor2d(targets.regression, [count, 4]);
  const box = boxLoss.kind === "giou"
    ? giouSum(decodeDeltasTensor(tf.tensor2d(targets.anchors, [count, 4]), predicted, coder), wanted, weights)
    : smoothL1(predicted, wanted, { weights, beta: boxLoss.kind === "l1" ? 0 : boxLoss.beta });
  const divided = (sum: tf.Scalar) => (divisor === undefined ? sum : tf.div<tf.Scalar>(sum, divisor));
  return { [losses[0]]: divided(classification), [losses[1]]: divided(box) };
}

function giouSum(boxes: tf.Tensor2D, wanted: tf.Tensor2D, weights: tf.Tensor2D): tf.Scalar {
  return tf.sum(tf.mul(iouLoss(boxes, wanted, { kind: "giou", guard: "add" }), tf.reshape(weights, [-1])));
}
