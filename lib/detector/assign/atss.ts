import { boxOverlaps, type Boxes } from "../../tensor/boxes.ts";
import { centres } from "../coder/distance.ts";
import { coveredAnchors, background, ignored } from "./max-iou.ts";

export interface AtssOptions {
  /** Candidates of each level and object: the anchors whose centres are nearest to the object's. */
  readonly candidates: number;
}

export interface AtssAssignOptions extends AtssOptions {
  /** Anchors of each level, in order. */
  readonly counts: readonly number[];
  /** Regions in which anchors train nothing: [n, 4] xyxy. */
  readonly ignoreBoxes?: Boxes;
  /** Part of an anchor's area inside one ignore region above which it is ignored; 0 or less: never. Default −1. */
  readonly ignoreThreshold?: number;
}

/**
 * Adaptive training sample selection (Zhang et al. 2020, algorithm 1). The candidates of an object are the nearest anchors
 * of every level; those are positive whose IoU reaches the mean plus the (unbiased) standard deviation of the candidates'
 * IoU and whose centre lies inside the object by more than 0.01 pixels. Of several objects an anchor serves the one of
 * highest IoU, the first of equals.
 * @param anchors [n, 4] xyxy
 * @param objects [m, 4] xyxy
 * @returns per anchor an object's index, `background` or `ignored`
 */
export function assignAtss(anchors: Boxes, objects: Boxes, options: AtssAssignOptions): Int32Array {
  const result = new Int32Array(anchors.length / 4).fill(background);
  const best = new Float64Array(result.length).fill(-Infinity);
  const points = centres(anchors);
  const covered = coveredByIgnored(anchors, objects, options);
  for (let o = 0; o < objects.length / 4; o++) {
    const object = Float64Array.from({ length: 4 }, (_, k) => objects[4 * o + k]);
    for (const { anchor, iou } of positives(anchors, points, object, { ...options, covered })) {
      if (!(iou > best[anchor])) continue;
      best[anchor] = iou;
      result[anchor] = o;
    }
  }
  for (const a of covered) if (result[a] === background) result[a] = ignored;
  return result;
}

function coveredByIgnored(anchors: Boxes, objects: Boxes, { ignoreBoxes, ignoreThreshold = -1 }: AtssAssignOptions): ReadonlySet<number> {
  const asked = ignoreThreshold > 0 && ignoreBoxes !== undefined && ignoreBoxes.length > 0 && objects.length > 0;
  return new Set(asked ? coveredAnchors(anchors, ignoreBoxes, ignoreThreshold) : []);
}

interface Candidate {
  readonly anchor: number;
  readonly iou: number;
}

/** The anchors that one object takes for itself. */
function positives(anchors: Boxes, points: Float64Array, object: Float64Array, options: NearestOptions): Candidate[] {
  const { chosen, overlaps, threshold } = candidatesOf(anchors, points, object, options);
  const inside = (a: number) => Math.min(points[2 * a] - object[0], points[2 * a + 1] - object[1], object[2] - points[2 * a], object[3] - points[2 * a + 1]) > 0.01;
  return chosen.map((anchor, i): Candidate => ({ anchor, iou: overlaps[i] })).filter(({ anchor, iou }) => iou >= threshold && inside(anchor));
}

type NearestOptions = Pick<AtssAssignOptions, "counts" | "candidates"> & { readonly covered: ReadonlySet<number> };

/** An object's candidates, their IoU with it, and the IoU that its positives must reach. */
function candidatesOf(anchors: Boxes, points: Float64Array, object: Float64Array, options: NearestOptions): { readonly chosen: readonly number[]; readonly overlaps: Float64Array; readonly threshold: number } {
  const chosen = nearest(points, object, options);
  const boxes = Float64Array.from(chosen.flatMap((a) => [0, 1, 2, 3].map((k) => anchors[4 * a + k])));
  const overlaps = boxOverlaps(boxes, object, { epsilon: 1e-6 });
  return { chosen, overlaps, threshold: meanPlusDeviation(overlaps) };
}

/**
 * The IoU from which each object takes its candidates: [m], NaN for an object with a single candidate, which takes none.
 * @param anchors [n, 4] xyxy
 * @param objects [m, 4] xyxy
 */
export function atssThresholds(anchors: Boxes, objects: Boxes, options: Pick<AtssAssignOptions, "counts" | "candidates">): Float64Array {
  const points = centres(anchors);
  return Float64Array.from({ length: objects.length / 4 }, (_, o) =>
    candidatesOf(anchors, points, Float64Array.from({ length: 4 }, (__, k) => objects[4 * o + k]), { ...options, covered: new Set() }).threshold);
}

/** Of each level the anchors with the nearest centres; of equally near ones the first. */
function nearest(points: Float64Array, object: Float64Array, { counts, candidates, covered }: NearestOptions): number[] {
  const [cx, cy] = centres(object);
  const chosen: number[] = [];
  let start = 0;
  for (const count of counts) {
    chosen.push(...nearestOf(start, start + count, candidates, (a) => (covered.has(a) ? Infinity : Math.hypot(points[2 * a] - cx, points[2 * a + 1] - cy))));
    start += count;
  }
  return chosen;
}

/** The `limit` numbers in [from, to) of least distance, nearest first, kept sorted by insertion. */
function nearestOf(from: number, to: number, limit: number, distance: (a: number) => number): number[] {
  const list: { readonly a: number; readonly d: number }[] = [];
  for (let a = from; a < to; a++) {
    const d = distance(a);
    if (list.length === limit && d >= list[limit - 1].d) continue;
    if (list.length === limit) list.pop();
    let i = list.length;
    while (i > 0 && list[i - 1].d > d) i--;
    list.splice(i, 0, { a, d });
  }
  return list.map(({ a }) => a);
}

/** Mean plus unbiased standard deviation; not a number for a single value, which then selects nothing. */
function meanPlusDeviation(values: Float64Array): number {
  const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
  const variance = values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / (values.length - 1);
  return mean + Math.sqrt(variance);
}
