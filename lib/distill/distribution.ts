import * as tf from "@tensorflow/tfjs-core";

/**
 * How a feature map becomes probability distributions (the SSSD paper does not say):
 * `channel`, a softmax over C at every cell; `spatial`, one over H·W for every channel (as CWD); `level`, one over
 * everything of an image's level.
 */
export type Distribution = "channel" | "spatial" | "level";

export const distributions: readonly Distribution[] = ["channel", "spatial", "level"];

/** Levels laid out as rows that are compared together, in one pass. */
export interface Layout {
  /** Levels whose rows follow each other in one matrix; `channel` needs a single group, the others one per level. */
  readonly groups: readonly (readonly number[])[];
  /** Distributions D and entries n per distribution, per level. */
  readonly rows: readonly number[];
  readonly entries: readonly number[];
}

type Shape = readonly [number, number, number, number];

/** The layout of maps [B, H, W, C] under a distribution. */
export function layout(maps: readonly tf.Tensor4D[], distribution: Distribution): Layout {
  const shapes = maps.map((map) => map.shape);
  const sizes = shapes.map((shape) => size(shape, distribution));
  return {
    groups: distribution === "channel" ? [shapes.map((_, level) => level)] : shapes.map((_, level) => [level]),
    rows: sizes.map(([rows]) => rows),
    entries: sizes.map(([, entries]) => entries),
  };
}

function size([b, h, w, c]: Shape, distribution: Distribution): [number, number] {
  if (distribution === "channel") return [b * h * w, c];
  return distribution === "spatial" ? [b * c, h * w] : [b, h * w * c];
}

/** Maps [B, H, W, C] of one group → logits [ΣD, n]. */
export function toRows(maps: readonly tf.Tensor4D[], distribution: Distribution): tf.Tensor2D {
  return tf.tidy(() => {
    const parts = maps.map((map) => {
      const [rows, entries] = size(map.shape, distribution);
      return tf.reshape<tf.Rank.R2>(distribution === "spatial" ? tf.transpose(map, [0, 3, 1, 2]) : map, [rows, entries]);
    });
    return parts.length === 1 ? parts[0] : tf.concat2d(parts, 0);
  });
}

/** Rows [ΣD, n] of one group → maps of the given shapes: the inverse of `toRows`. */
export function fromRows(rows: tf.Tensor2D, shapes: readonly Shape[], distribution: Distribution): tf.Tensor4D[] {
  return tf.tidy(() => {
    const counts = shapes.map((shape) => size(shape, distribution)[0]);
    const parts = shapes.length === 1 ? [rows] : tf.split(rows, counts, 0);
    return parts.map((part, i) => {
      const [b, h, w, c] = shapes[i];
      if (distribution !== "spatial") return tf.reshape<tf.Rank.R4>(part, [b, h, w, c]);
      return tf.transpose<tf.Tensor4D>(tf.reshape(part, [b, c, h, w]), [0, 2, 3, 1]);
    });
  });
}

/** Throws unless the two pyramids have the same, non-empty shapes. */
export function checkPyramids(student: readonly tf.Tensor4D[], enhanced: readonly tf.Tensor4D[]): void {
  const text = (maps: readonly tf.Tensor[]) => maps.map((map) => `[${map.shape.join(", ")}]`).join(" ") || "none";
  const same = student.length === enhanced.length && student.every((map, i) => map.shape.join() === enhanced[i].shape.join());
  if (same && student.length > 0 && student.every((map) => map.rank === 4 && map.size > 0)) return;
  throw new Error(
    `a distillation loss compares two pyramids of equal, non-empty maps [B, H, W, C]; received student ${text(student)} and teacher ${text(enhanced)}. An adapter makes the student's channels equal to the teacher's`,
  );
}
