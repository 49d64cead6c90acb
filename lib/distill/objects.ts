import * as tf from "@tensorflow/tfjs-core";
import type { Target } from "../data/batch.ts";

export interface ObjectOptions {
  /** Number of classes K. */
  readonly classes: number;
  /** Add the whole image as one more object without class; an empty image's placeholder plays that part. */
  readonly context: boolean;
}

/** Size in cells of one level. */
export interface LevelSize {
  readonly height: number;
  readonly width: number;
}

/** The cells of one level that lie inside each row's box: 1 or 0 as [B, R, H·W]. */
export type InsideMask = Float32Array;

/**
 * The labels of a batch as numbers, padded to R rows per image (R = the largest count), instances first, the context
 * last. Rows are all zero where `valid` is 0.
 */
export interface ObjectTable {
  readonly images: number;
  /** R. */
  readonly rows: number;
  /** Rows in use per image, context included. */
  readonly counts: readonly number[];
  /** [B, R, 4 + K]: x1, y1, x2, y2 as fractions of the batch image and the one-hot class, mapped from [0, 1] to [−1, 1]. */
  readonly descriptors: Float32Array;
  /** [B, R]: 1 for rows in use. */
  readonly valid: Float32Array;
  /** [B, R]: 1 for instances (rows that are painted). */
  readonly instance: Float32Array;
  /** [B, R]: 1 for the context row; all zero without context. */
  readonly contextRow: Float32Array;
  /** Per level. */
  readonly inside: readonly InsideMask[];
  /** [L, B, R]: 1 / max(cells inside, 1). */
  readonly inverseCounts: Float32Array;
}

/**
 * LGD's object descriptors and box masks. Boxes are clamped to width − 1 and height − 1; an image without objects has
 * one placeholder box (0, 0, 1, 1) without class. A cell lies inside where its index (no half offset) is within half the
 * box's extent of its centre, the box being scaled to the level; so a small box may hold no cell. Single precision
 * throughout, as the official code computes it.
 * @throws when a label is outside 0…K−1 or a box is not finite, naming image and object
 */
export function describeObjects(targets: readonly Target[], size: LevelSize, levels: readonly LevelSize[], options: ObjectOptions): ObjectTable {
  const lists = targets.map((target) => boxesOf(target, size, options));
  const [images, rows, width] = [targets.length, Math.max(...lists.map((list) => list.length)), 4 + options.classes];
  const descriptors = new Float32Array(images * rows * width);
  const [valid, instance, contextRow] = [0, 0, 0].map(() => new Float32Array(images * rows));
  lists.forEach((list, image) => list.forEach((row, i) => {
    const at = image * rows + i;
    valid[at] = 1;
    (row.context ? contextRow : instance)[at] = 1;
    describe(descriptors.subarray(at * width, (at + 1) * width), row, size);
  }));
  const inside = levels.map((level) => insideMask(lists, rows, size, level));
  const inverseCounts = Float32Array.from(inside.flatMap((mask, l) => inverseSums(mask, images * rows, levels[l])));
  return { images, rows, counts: lists.map((list) => list.length), descriptors, valid, instance, contextRow, inside, inverseCounts };
}

interface Row {
  /** x1, y1, x2, y2 clamped to the image. */
  readonly box: readonly number[];
  /** −1 without class. */
  readonly label: number;
  readonly context: boolean;
}

function boxesOf(target: Target, { height, width }: LevelSize, { classes, context }: ObjectOptions): Row[] {
  const clamp = (box: readonly number[]) => box.map((v, i) => Math.fround(Math.min(Math.max(v, 0), (i % 2 === 0 ? width : height) - 1)));
  if (target.labels.length === 0) return [{ box: clamp([0, 0, 1, 1]), label: -1, context }];
  const rows = Array.from(target.labels, (label, i): Row => {
    const box = Array.from(target.boxes.subarray(4 * i, 4 * i + 4));
    const where = `object ${i} of image ${target.imageId}`;
    if (!(Number.isInteger(label) && label >= 0 && label < classes)) throw new Error(`${where} has label ${label}; allowed: 0 to ${classes - 1} (the method was made for ${classes} classes)`);
    if (box.length !== 4 || !box.every(Number.isFinite)) throw new Error(`${where} has box [${box.join(", ")}]; needed: four finite numbers x1, y1, x2, y2`);
    return { box: clamp(box), label, context: false };
  });
  return context ? [...rows, { box: clamp([0, 0, width, height]), label: -1, context: true }] : rows;
}

function describe(out: Float32Array, { box, label }: Row, { height, width }: LevelSize): void {
  out.fill(-1);
  box.forEach((v, i) => (out[i] = 2 * Math.fround(v / (i % 2 === 0 ? width : height)) - 1));
  if (label >= 0) out[4 + label] = 1;
}

function insideMask(lists: readonly (readonly Row[])[], rows: number, size: LevelSize, level: LevelSize): InsideMask {
  const cells = level.height * level.width;
  const mask = new Float32Array(lists.length * rows * cells);
  lists.forEach((list, image) => list.forEach(({ box }, i) => {
    const at = (image * rows + i) * cells;
    const columns = cellsInside(box[0], box[2], level.width, level.width / size.width);
    for (const y of cellsInside(box[1], box[3], level.height, level.height / size.height)) {
      for (const x of columns) mask[at + y * level.width + x] = 1;
    }
  }));
  return mask;
}

/** The indices i of 0…n−1 with |centre − i| / extent ≤ ½ along one axis; none for an extent of 0. */
function cellsInside(low: number, high: number, n: number, ratio: number): number[] {
  const r = Math.fround(ratio);
  const [a, b] = [Math.fround(low * r), Math.fround(high * r)];
  const centre = Math.fround(Math.fround(a + b) * 0.5);
  const extent = Math.fround(b - a);
  const out: number[] = [];
  for (let i = 0; i < n; i++) if (Math.fround(Math.abs(Math.fround(centre - i)) / extent) <= 0.5) out.push(i);
  return out;
}

function inverseSums(mask: InsideMask, rows: number, { height, width }: LevelSize): number[] {
  const cells = height * width;
  return Array.from({ length: rows }, (_, row) => {
    let count = 0;
    for (let i = row * cells; i < (row + 1) * cells; i++) count += mask[i];
    return 1 / Math.max(count, 1);
  });
}

/** An `ObjectTable` as tensors, in the shapes the modules use; they belong to the current tidy scope. */
export interface ObjectTensors {
  /** [B·R, 4 + K] */
  readonly descriptors: tf.Tensor2D;
  /** [B, R, 1] */
  readonly valid: tf.Tensor3D;
  /** [1, B, R, 1] */
  readonly instance: tf.Tensor4D;
  /** [B, 1, R]: selects the context row; undefined without context. */
  readonly context: tf.Tensor3D | undefined;
  /** [B, 1, 1, R]: 0 for rows in use, −10⁹ for the others; undefined when all are in use. */
  readonly keyMask: tf.Tensor4D | undefined;
  /** Per level [B, R, H·W]. */
  readonly inside: readonly tf.Tensor3D[];
  /** [L, B, R, 1] */
  readonly inverseCounts: tf.Tensor4D;
}

export function toTensors(table: ObjectTable): ObjectTensors {
  const { images: b, rows: r } = table;
  const every = table.counts.every((count) => count === r);
  return {
    descriptors: tf.tensor2d(table.descriptors, [b * r, table.descriptors.length / (b * r)]),
    valid: tf.tensor3d(table.valid, [b, r, 1]),
    instance: tf.tensor4d(table.instance, [1, b, r, 1]),
    context: table.contextRow.includes(1) ? tf.tensor3d(table.contextRow, [b, 1, r]) : undefined,
    keyMask: every ? undefined : tf.tensor4d(table.valid.map((used) => (used - 1) * 1e9), [b, 1, 1, r]),
    inside: table.inside.map((mask) => tf.tensor3d(mask, [b, r, mask.length / (b * r)])),
    inverseCounts: tf.tensor4d(table.inverseCounts, [table.inside.length, b, r, 1]),
  };
}
