import * as tf from "@tensorflow/tfjs-core";
import { roiLevels } from "../detector/roi/levels.ts";
import { binaryCrossEntropy } from "../detector/loss/binary-cross-entropy.ts";
import { smoothL1 } from "../detector/loss/box.ts";
import { joinRois } from "../detector/roi/extract.ts";
import { roiAlign, type Rois } from "../tensor/roi-align.ts";
import type { Instances } from "./gid-instances.ts";
import { relationLoss } from "./relation.ts";
import { squaredDistance } from "./squared-distance.ts";

/** What of one side is compared; finest level first. */
export interface GidSide {
  /** [B, H_l, W_l, C] */
  readonly maps: readonly tf.Tensor4D[];
  /** [B, H_l, W_l, A·K] */
  readonly logits: readonly tf.Tensor4D[];
  /** [B, H_l, W_l, A·D] */
  readonly boxes: readonly tf.Tensor4D[];
}

export interface PoolOptions {
  readonly strides: readonly number[];
  /** Rows and columns of bins. Default 10. */
  readonly bins?: number;
}

/**
 * The instances' features by RoIAlign (aligned, 2 × 2 points per bin), each from the level that its size belongs to
 * (detectron2's rule: 224 pixels on stride 16).
 * @returns [R, bins, bins, C], image by image
 */
export function poolInstances(maps: readonly tf.Tensor4D[], instances: readonly Instances[], { strides, bins = 10 }: PoolOptions): tf.Tensor4D {
  const rois = joinRois(instances);
  const levels = roiLevels(rois.boxes, { kind: "detectron2", canonical: 224, level: 4 - Math.log2(strides[0]) }, strides.length);
  return roiAlign(maps.map((features, l) => ({ features, scale: 1 / strides[l] })), rois, { output: [bins, bins], samplingRatio: 2, aligned: true, levels });
}

/** GID eq. 4: Σ (s − t)² / (R · bins²); channels are not divided by their number. */
export function featureTerm(student: tf.Tensor4D, teacher: tf.Tensor4D): tf.Scalar {
  const [count, rows, columns] = student.shape;
  return count === 0 ? tf.scalar(0) : tf.mul(squaredDistance(student, teacher), 1 / (count * rows * columns));
}

/**
 * GID eq. 5–7 (`relationLoss`) among the instances of the whole batch (the code), or the mean over images of those of each.
 * @param images of the instances
 */
export function relationTerm(student: tf.Tensor4D, teacher: tf.Tensor4D, { images, among }: { readonly images: Rois["images"]; readonly among: "batch" | "image" }): tf.Scalar {
  const count = images.length;
  const [own, wanted] = [student, teacher].map((pooled) => tf.reshape<tf.Rank.R2>(pooled, [count, pooled.size / Math.max(count, 1)]));
  if (among === "batch" || count === 0) return relationLoss(own, wanted);
  const each = Array.from(new Set(images), (image) => {
    const [start, length] = [images.indexOf(image), images.filter((one) => one === image).length];
    const part = (rows: tf.Tensor2D) => tf.slice(rows, [start, 0], [length, -1]);
    return relationLoss(part(own), part(wanted));
  });
  return tf.mul(tf.addN(each), 1 / each.length);
}

export interface ResponseOptions {
  /** [n_l] of each level: image · priors of the level + prior. */
  readonly rows: readonly (readonly number[])[];
  /** A */
  readonly perCell: number;
  /** Where smooth L1 of the box outputs turns from square to straight; 0: L1. */
  readonly beta: number;
}

/**
 * GID eq. 8: over the n priors that are assigned to instances, Σ BCE(s, σ(t)) / n of the classes and Σ smooth-L1(s − t) / n of
 * the box outputs; 0 without such priors.
 */
export function responseTerms(student: Omit<GidSide, "maps">, teacher: Omit<GidSide, "maps">, { rows, perCell, beta }: ResponseOptions): { class: tf.Scalar; box: tf.Scalar } {
  const count = rows.reduce((sum, { length }) => sum + length, 0);
  if (count === 0) return { class: tf.scalar(0), box: tf.scalar(0) };
  const sums = rows.flatMap((own, l) => {
    if (own.length === 0) return [];
    const at = tf.tensor1d(own as number[], "int32");
    const pick = (map: tf.Tensor4D) => tf.gather<tf.Tensor2D>(tf.reshape(map, [-1, map.shape[3] / perCell]), at);
    const entropy = binaryCrossEntropy(pick(student.logits[l]), tf.sigmoid(pick(teacher.logits[l])));
    const box = smoothL1(pick(student.boxes[l]), pick(teacher.boxes[l]), { weights: tf.ones([own.length, 1]), beta });
    return [{ class: tf.sum<tf.Scalar>(entropy), box }];
  });
  const mean = (parts: tf.Scalar[]) => tf.mul<tf.Scalar>(tf.addN(parts), 1 / count);
  return { class: mean(sums.map((sum) => sum.class)), box: mean(sums.map((sum) => sum.box)) };
}
