import * as tf from "@tensorflow/tfjs-core";
import type { Prediction } from "../detector.ts";
import type { RpnTargets } from "../rpn/targets.ts";
import { binaryCrossEntropy } from "./binary-cross-entropy.ts";
import { smoothL1 } from "./box.ts";
import { levelRows } from "./rows.ts";

export interface RpnLossOptions {
  /** Of smooth-l1; 0 is L1. */
  readonly beta: number;
}

/**
 * The region proposal network's losses (Ren et al. 2015, eq. 1) over the sampled anchors, both divided by the targets' divisor:
 * binary cross entropy of the objectness, smooth L1 of the positives' deltas.
 */
export function rpnLoss({ logits, boxes }: Pick<Prediction, "logits" | "boxes">, targets: RpnTargets, { beta }: RpnLossOptions): { readonly class: tf.Scalar; readonly box: tf.Scalar } {
  const { rows, positives } = targets;
  const pick = (maps: readonly tf.Tensor4D[], depth: number, which: Int32Array) => tf.gather<tf.Tensor2D>(levelRows(maps, depth), tf.tensor1d(which, "int32"));
  const sampled = orFirst(rows);
  const share = 1 / targets.divisor;
  const ones = tf.tensor1d(Float32Array.from(sampled, (_, i) => (i < positives ? 1 : 0)));
  const shares = tf.tensor1d(Float32Array.from(sampled, (_, i) => (i < rows.length ? share : 0)));
  const objectness = tf.sum<tf.Scalar>(tf.mul(binaryCrossEntropy(tf.reshape<tf.Rank.R1>(pick(logits, 1, sampled), [-1]), ones), shares));
  const own = orFirst(rows.subarray(0, positives));
  const wanted = tf.tensor2d(positives > 0 ? targets.regression : new Float32Array(4), [own.length, 4]);
  const weights = tf.fill<tf.Rank.R2>([own.length, 1], positives > 0 ? share : 0);
  return { class: objectness, box: smoothL1(pick(boxes, 4, own), wanted, { weights, beta }) };
}

/** The first row stands in for none, so that no tensor is empty; it gets weight 0. */
function orFirst(rows: Int32Array): Int32Array {
  return rows.length > 0 ? rows : Int32Array.of(0);
}
