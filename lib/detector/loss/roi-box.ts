import * as tf from "@tensorflow/tfjs-core";
import type { Target } from "../../data/batch.ts";
import { encodeDeltas, type DeltaCoder } from "../coder/delta.ts";
import { boxGroupOf, boxGroups, columnOf, type BoxHeadLayout, type BoxOutput } from "../heads/box.ts";
import type { RoiSample } from "../roi/sampling.ts";
import { smoothL1 } from "./box.ts";
import { softmaxCrossEntropy } from "./softmax-cross-entropy.ts";

export interface RoiBoxLossOptions extends BoxHeadLayout {
  readonly coder: DeltaCoder;
  /** Of smooth-l1; 0 is L1. */
  readonly beta: number;
  /** Of both terms (a cascade's stages). Default 1. */
  readonly weight?: number;
}

/** Softmax cross entropy of all sampled regions, and smooth L1 of the positives' own boxes, both divided by the number of samples. */
export interface RoiBoxLoss {
  readonly class: tf.Scalar;
  readonly box: tf.Scalar;
}

/** What the head should say about the sampled regions. */
export interface RoiBoxTargets {
  /** [n] label of each region, −1 for background. */
  readonly labels: Int32Array;
  /** [P, 4] regression targets of the P regions that have an object, in their order. */
  readonly regression: Float32Array;
}

/** The labels and regression targets of a batch's samples. */
export function roiBoxTargets(samples: readonly RoiSample[], targets: readonly Pick<Target, "boxes">[], coder: DeltaCoder): RoiBoxTargets {
  const [regions, objects]: [number[], number[]] = [[], []];
  for (const [i, { boxes, labels, objects: matched }] of samples.entries()) {
    for (const [r, label] of labels.entries()) {
      if (label < 0) continue;
      regions.push(...boxes.subarray(4 * r, 4 * r + 4));
      objects.push(...targets[i].boxes.subarray(4 * matched[r], 4 * matched[r] + 4));
    }
  }
  return { labels: Int32Array.from(samples.flatMap(({ labels }) => Array.from(labels))), regression: Float32Array.from(encodeDeltas(regions, objects, coder)) };
}

/**
 * Fast R-CNN's losses (Girshick 2015, eq. 1). Rows of the output beyond the targets' (`BoxStage`'s stand-in) count nothing.
 * @param output of the sampled regions in their order
 */
export function roiBoxLoss({ logits, deltas }: BoxOutput, targets: RoiBoxTargets, options: Omit<RoiBoxLossOptions, "coder">): RoiBoxLoss {
  const { labels } = targets;
  const share = (options.weight ?? 1) / Math.max(labels.length, 1);
  const rows = logits.shape[0];
  const columns = Int32Array.from({ length: rows }, (_, r) => columnOf(labels[r] ?? -1, options));
  const weights = Float32Array.from({ length: rows }, (_, r) => (r < labels.length ? share : 0));
  return { class: softmaxCrossEntropy(logits, columns, weights), box: boxTerm(deltas, targets, { ...options, share }) };
}

function boxTerm(deltas: tf.Tensor2D, { labels, regression }: RoiBoxTargets, options: Omit<RoiBoxLossOptions, "coder"> & { readonly share: number }): tf.Scalar {
  const groups = boxGroups(options);
  const positives = Array.from(labels.keys()).filter((r) => labels[r] >= 0);
  const empty = positives.length === 0;
  const rows = Int32Array.from(empty ? [0] : positives, (r) => r * groups + (empty ? 0 : boxGroupOf(labels[r], options)));
  const predicted = tf.gather<tf.Tensor2D>(tf.reshape(deltas, [-1, 4]), tf.tensor1d(rows, "int32"));
  const wanted = tf.tensor2d(empty ? new Float32Array(4) : regression, [rows.length, 4]);
  return smoothL1(predicted, wanted, { weights: tf.fill<tf.Rank.R2>([rows.length, 1], empty ? 0 : options.share), beta: options.beta });
}
