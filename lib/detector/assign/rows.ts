import type { Target } from "../../data/batch.ts";
import { checkedObjects } from "./dense-targets.ts";
import { background } from "./max-iou.ts";

/** One image's objects and what each prior is given. */
export interface ImageAssignment {
  /** [m, 4] xyxy of the objects that have an area. */
  readonly objects: Float32Array;
  readonly labels: Int32Array;
  /** Positions of these objects in the target. */
  readonly kept: readonly number[];
  /** Per prior: object, background or ignored. */
  readonly assignment: Int32Array;
}

/** Where the positives of a batch lie, on the host; P = max(their number, 1), so that no tensor is empty. */
export interface PositiveRows {
  /** Number of positives of each image. */
  readonly positives: readonly number[];
  /** [P] rows (image · N + prior). */
  readonly rows: Int32Array;
  /** [P] flat positions (row · K + label) of the classifier's ones. */
  readonly positions: Int32Array;
  /** [P] priors. */
  readonly priors: readonly number[];
  /** [P, 4] boxes of their objects. */
  readonly boxes: Float32Array;
  /** [P] 1, or 0 for the row that stands in where there are no positives. */
  readonly present: Float32Array;
  /** [B·N] 1, or 0 for ignored priors. */
  readonly counted: Float32Array;
}

/** @throws Error for labels outside 0 … K − 1, broken boxes, or boxes and labels of different number */
export function assignBatch(targets: readonly Target[], classes: number, assign: (objects: Float32Array, target: Target) => Int32Array): ImageAssignment[] {
  return targets.map((target, image) => {
    const { objects, labels, kept } = checkedObjects(target, image, classes);
    return { objects, labels, kept, assignment: assign(objects, target) };
  });
}

/** The assignment of one image in terms of the target's own boxes, empty ones included. */
export function originalObjects({ assignment, kept }: ImageAssignment): Int32Array {
  return assignment.map((o) => (o >= 0 ? kept[o] : o));
}

export function positiveRows(images: readonly ImageAssignment[], classes: number): PositiveRows {
  const priors = images.map(({ assignment }) => positivesOf(assignment));
  const count = images.reduce((sum, { assignment }) => sum + assignment.length, 0);
  const counted = new Float32Array(count);
  const [rows, positions, boxes]: number[][] = [[], [], []];
  let start = 0;
  for (const [i, { assignment, objects, labels }] of images.entries()) {
    for (const [p, o] of assignment.entries()) counted[start + p] = o >= background ? 1 : 0;
    for (const p of priors[i]) {
      const o = assignment[p];
      rows.push(start + p);
      positions.push((start + p) * classes + labels[o]);
      boxes.push(objects[4 * o], objects[4 * o + 1], objects[4 * o + 2], objects[4 * o + 3]);
    }
    start += assignment.length;
  }
  const positives = priors.map(({ length }) => length);
  if (rows.length === 0) return { positives, counted, ...nothing };
  return { positives, counted, rows: Int32Array.from(rows), positions: Int32Array.from(positions), priors: priors.flat(), boxes: Float32Array.from(boxes), present: new Float32Array(rows.length).fill(1) };
}

const nothing = { rows: Int32Array.of(0), positions: Int32Array.of(0), priors: [0], boxes: Float32Array.of(-1, -1, 1, 1), present: Float32Array.of(0) } as const;

function positivesOf(assignment: Int32Array): number[] {
  const list: number[] = [];
  for (let p = 0; p < assignment.length; p++) if (assignment[p] >= 0) list.push(p);
  return list;
}
