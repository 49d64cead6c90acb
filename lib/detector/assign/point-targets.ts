import type { Target } from "../../data/batch.ts";
import { centerness, encodeDistances } from "../coder/distance.ts";
import type { PointLayout } from "../points.ts";
import { assignPoints, type PointAssignOptions } from "./points.ts";
import { assignBatch, positiveRows, type ImageAssignment, type PositiveRows } from "./rows.ts";

/** What FCOS should say about a batch, on the host; P = max(number of positives, 1). */
export interface PointTargets extends PositiveRows {
  /** [P, 4] distances l, t, r, b in the head's unit. */
  readonly distances: Float32Array;
  /** [P] */
  readonly centerness: Float32Array;
}

export interface PointTargetOptions {
  readonly classes: number;
  readonly assign: PointAssignOptions;
  /** Strides of the levels in pixels. */
  readonly strides: readonly number[];
  /** Unit of distances. */
  readonly units: "pixels" | "strides";
}

/** @throws Error for labels outside 0 … K − 1, broken boxes, or boxes and labels of different number */
export function pointTargets({ points, levels }: PointLayout, targets: readonly Target[], options: PointTargetOptions): PointTargets {
  const rows = positiveRows(assignToPoints({ points, levels }, targets, options), options.classes);
  const own = Float64Array.from(rows.priors.flatMap((p) => [points[2 * p], points[2 * p + 1]]));
  // The row that stands in for no positives is a box around the origin, whatever its point.
  const pixels = rows.present[0] === 0 ? Float64Array.of(1, 1, 1, 1) : encodeDistances(own, rows.boxes);
  const units = options.units === "pixels" ? undefined : priorStrides(levels, options.strides);
  return {
    ...rows,
    distances: Float32Array.from(pixels, (v, k) => (units === undefined ? v : v / units[rows.priors[k >> 2]])),
    centerness: Float32Array.from(rows.priors, (_, i) => centerness(pixels[4 * i], pixels[4 * i + 1], pixels[4 * i + 2], pixels[4 * i + 3])),
  };
}

export function assignToPoints({ levels }: PointLayout, targets: readonly Target[], { classes, assign, strides }: PointTargetOptions): ImageAssignment[] {
  return assignBatch(targets, classes, (objects) => assignPoints(levels, strides, objects, assign));
}

/** [N] each prior's stride. */
export function priorStrides(levels: PointLayout["levels"], strides: readonly number[]): Float64Array {
  return Float64Array.from(levels.flatMap(({ height, width, perCell }, l) => new Array<number>(height * width * perCell).fill(strides[l])));
}
