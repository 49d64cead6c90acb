import type { Target } from "../../data/batch.ts";
import type { Boxes } from "../../tensor/boxes.ts";
import { encodeDeltas, type DeltaCoder } from "../coder/delta.ts";
import { assignInside, type AnchorRegion } from "./anchors-inside.ts";
import { background, type MaxIouOptions } from "./max-iou.ts";

/** What an anchor-based dense head should say about a batch, on the host; P = max(number of positives, 1). */
export interface DenseTargets {
  /** [B·N]: 0 for ignored anchors, else the image's share of the loss. */
  readonly weights: Float32Array;
  /** [P] flat positions (row · K + label) of the classifier's ones. */
  readonly positions: Int32Array;
  /** [P] their rows' weights. */
  readonly positiveWeights: Float32Array;
  /** [P] rows (image · N + anchor) of the positives. */
  readonly rows: Int32Array;
  /** [P, 4] regression targets, or the objects' boxes themselves (`regress: "boxes"`). */
  readonly regression: Float32Array;
  /** [P, 4] the positives' anchors. */
  readonly anchors: Float32Array;
  /** Number of positives of each image. */
  readonly positives: readonly number[];
}

export interface DenseTargetOptions {
  /** [N, 4] xyxy */
  readonly anchors: Boxes;
  readonly classes: number;
  readonly assign: MaxIouOptions;
  /** Which anchors train, by where they lie in their image; the others are ignored. */
  readonly region: AnchorRegion;
  readonly coder: DeltaCoder;
  readonly regress: "deltas" | "boxes";
  /**
   * How the batch's sums are divided: `image`: each image by max(its positives, 1), then by the number of images
   * (torchvision); `batch`: all by Σ max(positives, 1) (mmdet); `none`: not here (detectron2's moving average).
   */
  readonly normaliser: "image" | "batch" | "none";
}

/** @throws Error for labels outside 0 … K − 1, broken boxes, or boxes and labels of different number */
export function denseTargets(targets: readonly Target[], options: DenseTargetOptions): DenseTargets {
  const assigned = targets.map((target, image) => assignImage(target, image, options));
  return collect(assigned, options);
}

/**
 * The assignment alone: per anchor an index into the target's boxes, `background` or `ignored`.
 * @throws Error as `denseTargets`
 */
export function assignedObjects(target: Target, options: AssignmentOptions): Int32Array {
  const { assignment, kept } = assignImage(target, 0, options);
  return assignment.map((o) => (o >= 0 ? kept[o] : o));
}

export interface AssignedImage {
  readonly objects: Float32Array;
  readonly labels: Int32Array;
  /** Positions of these objects in the target. */
  readonly kept: readonly number[];
  /** Per anchor: object, background or ignored. */
  readonly assignment: Int32Array;
  readonly positives: readonly number[];
}

type AssignmentOptions = Pick<DenseTargetOptions, "anchors" | "classes" | "assign" | "region">;

function assignImage(target: Target, image: number, { anchors, classes, assign, region }: AssignmentOptions): AssignedImage {
  const whole = checkedObjects(target, image, classes);
  const assignment = assignInside(anchors, whole.objects, assign, { region, size: target });
  const positives: number[] = [];
  for (let a = 0; a < assignment.length; a++) if (assignment[a] >= 0) positives.push(a);
  return { ...whole, assignment, positives };
}

/** Beyond these pixels single precision does not tell one from the next; RoIAlign's samples of such a box would not end. */
const farthest = 2 ** 24;

/** The objects that have an area: an empty box overlaps nothing and would make every anchor its equally bad best. */
export function checkedObjects({ boxes, labels }: Target, image: number, classes: number): Pick<AssignedImage, "objects" | "labels" | "kept"> {
  if (boxes.length !== 4 * labels.length) throw new Error(`image ${image} of the batch: ${boxes.length} box coordinates for ${labels.length} labels; 4 are needed per label`);
  const kept: number[] = [];
  for (let o = 0; o < labels.length; o++) {
    const corners = box(boxes, o);
    if (!corners.every(Number.isFinite)) throw new Error(`image ${image} of the batch, object ${o}: box [${corners.join(", ")}] is not finite`);
    if (corners.some((v) => Math.abs(v) > farthest)) throw new Error(`image ${image} of the batch, object ${o}: box [${corners.join(", ")}] reaches beyond ±${farthest} pixels; boxes are xyxy in pixels of the batch image`);
    if (labels[o] < 0 || labels[o] >= classes) throw new Error(`image ${image} of the batch, object ${o}: label ${labels[o]}, allowed 0 to ${classes - 1}; build the detector with the dataset's number of classes`);
    if (corners[2] > corners[0] && corners[3] > corners[1]) kept.push(o);
  }
  return { objects: Float32Array.from(kept.flatMap((o) => box(boxes, o))), labels: Int32Array.from(kept, (o) => labels[o]), kept };
}

function collect(images: readonly AssignedImage[], options: DenseTargetOptions): DenseTargets {
  const count = options.anchors.length / 4;
  const positives = images.map((image) => image.positives.length);
  const share = imageShares(positives, options.normaliser);
  const weights = new Float32Array(images.length * count);
  const rows: number[] = [];
  const positions: number[] = [];
  for (const [i, image] of images.entries()) {
    for (let a = 0; a < count; a++) weights[i * count + a] = image.assignment[a] >= background ? share[i] : 0;
    for (const a of image.positives) {
      rows.push(i * count + a);
      positions.push((i * count + a) * options.classes + image.labels[image.assignment[a]]);
    }
  }
  const boxes = regressionTargets(images, options);
  const found = { weights, rows: Int32Array.from(rows), positions: Int32Array.from(positions), positiveWeights: Float32Array.from(rows, (r) => weights[r]), ...boxes, positives };
  return rows.length === 0 ? { ...found, ...nothing } : found;
}

/** Stands in for the positives of a batch without any, so that no tensor is empty. */
const nothing = {
  rows: Int32Array.of(0),
  positions: Int32Array.of(0),
  positiveWeights: Float32Array.of(0),
  anchors: Float32Array.of(0, 0, 1, 1),
  regression: Float32Array.of(0, 0, 1, 1),
};

function imageShares(positives: readonly number[], normaliser: DenseTargetOptions["normaliser"]): number[] {
  const counts = positives.map((n) => Math.max(n, 1));
  if (normaliser === "none") return counts.map(() => 1);
  if (normaliser === "image") return counts.map((n) => 1 / (n * counts.length));
  const total = counts.reduce((sum, n) => sum + n, 0);
  return counts.map(() => 1 / total);
}

function regressionTargets(images: readonly AssignedImage[], { anchors, coder, regress }: DenseTargetOptions): { anchors: Float32Array; regression: Float32Array } {
  const chosen = images.flatMap(({ positives }) => positives.flatMap((a) => box(anchors, a)));
  const objects = images.flatMap((image) => image.positives.flatMap((a) => box(image.objects, image.assignment[a])));
  return { anchors: Float32Array.from(chosen), regression: Float32Array.from(regress === "boxes" ? objects : encodeDeltas(chosen, objects, coder)) };
}

function box(from: Boxes, index: number): number[] {
  return [from[4 * index], from[4 * index + 1], from[4 * index + 2], from[4 * index + 3]];
}
