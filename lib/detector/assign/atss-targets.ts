import type { Target } from "../../data/batch.ts";
import type { AnchorLayout } from "../anchor-layout.ts";
import { rowsOf } from "../../tensor/boxes.ts";
import { assignAmong, type AnchorRegion } from "./anchors-inside.ts";
import { assignAtss, type AtssOptions } from "./atss.ts";
import { assignBatch, positiveRows, type ImageAssignment, type PositiveRows } from "./rows.ts";

/** What a head with ATSS should say about a batch, on the host; P = max(number of positives, 1). */
export interface AtssTargets extends PositiveRows {
  /** [P, 4] the positives' anchors. */
  readonly anchors: Float64Array;
  /** Σ max(positives, 1) over the images. */
  readonly normaliser: number;
}

export interface AtssTargetOptions {
  readonly classes: number;
  readonly assign: AtssOptions;
  /** Which anchors train and are candidates, by where they lie in their image; the others are ignored. */
  readonly region: AnchorRegion;
}

/** @throws Error for labels outside 0 … K − 1, broken boxes, or boxes and labels of different number */
export function atssTargets(layout: AnchorLayout, targets: readonly Target[], options: AtssTargetOptions): AtssTargets {
  const rows = positiveRows(assignByAtss(layout, targets, options), options.classes);
  return { ...rows, anchors: rowsOf(layout.anchors, rows.priors, 4), normaliser: rows.positives.reduce((sum, n) => sum + Math.max(n, 1), 0) };
}

export function assignByAtss({ anchors, levels }: AnchorLayout, targets: readonly Target[], { classes, assign, region }: AtssTargetOptions): ImageAssignment[] {
  const counts = levels.map(({ height, width, perCell }) => height * width * perCell);
  return assignBatch(targets, classes, (objects, size) => assignAmong(anchors, { region, size }, (inside, positions) =>
    assignAtss(inside, objects, { ...assign, counts: positions === undefined ? counts : countsOf(positions, counts) })));
}

/** How many of these positions (ascending) each level has. */
function countsOf(positions: Int32Array, counts: readonly number[]): number[] {
  let [next, end] = [0, 0];
  return counts.map((count) => {
    const start = next;
    end += count;
    while (next < positions.length && positions[next] < end) next++;
    return next - start;
  });
}
