import { boxAreas, type Boxes } from "../../tensor/boxes.ts";

export interface MaxIouOptions {
  /** IoU from which an anchor is positive. */
  readonly positive: number;
  /** IoU below which an anchor is background; between the two it is ignored. */
  readonly negative: number;
  /**
   * What an anchor gets that is some object's best although below `positive`:
   * - `none`: nothing changes;
   * - `own`: every anchor tied at an object's maximum becomes positive for the object that is *its* best (torchvision, detectron2);
   * - `served`: every anchor tied at an object's maximum is given to *that* object, later objects overwriting earlier ones (mmdet);
   * - `served-first`: the same for the first of the tied anchors alone (mmdet with `gt_max_assign_all=False`).
   */
  readonly lowQuality: "none" | "own" | "served" | "served-first";
  /** `served`: only objects whose maximum is at least this. Default 0. */
  readonly minPositive?: number;
}

/** Entries of an assignment that are not an object's index. */
export const background = -1;
export const ignored = -2;

/**
 * Assigns anchors to objects by their IoU: per anchor an object's index, `background` or `ignored`. An anchor's best
 * object is the first of the ones tied.
 * @param overlaps [objects, anchors], row-major
 */
export function matchOverlaps(overlaps: Float64Array | readonly number[], anchors: number, options: MaxIouOptions): Int32Array {
  const objects = overlaps.length / anchors;
  const result = new Int32Array(anchors).fill(background);
  if (objects === 0) return result;
  const best = bestObjects(overlaps, anchors);
  for (let a = 0; a < anchors; a++) {
    const value = overlaps[best[a] * anchors + a];
    result[a] = value >= options.positive ? best[a] : value >= options.negative ? ignored : background;
  }
  if (options.lowQuality !== "none") addLowQuality(result, overlaps, best, options);
  return result;
}

function bestObjects(overlaps: Float64Array | readonly number[], anchors: number): Int32Array {
  const best = new Int32Array(anchors);
  for (let o = 1, k = anchors; k < overlaps.length; o++) {
    for (let a = 0; a < anchors; a++, k++) if (overlaps[k] > overlaps[best[a] * anchors + a]) best[a] = o;
  }
  return best;
}

function addLowQuality(result: Int32Array, overlaps: Float64Array | readonly number[], best: Int32Array, options: MaxIouOptions): void {
  const anchors = result.length;
  for (let o = 0; o < overlaps.length / anchors; o++) {
    let maximum = -Infinity;
    for (let a = 0; a < anchors; a++) maximum = Math.max(maximum, overlaps[o * anchors + a]);
    if (options.lowQuality !== "own" && maximum < (options.minPositive ?? 0)) continue;
    for (let a = 0; a < anchors; a++) {
      if (overlaps[o * anchors + a] !== maximum) continue;
      result[a] = options.lowQuality === "own" ? best[a] : o;
      if (options.lowQuality === "served-first") break;
    }
  }
}

export interface MaxIouAssignOptions extends MaxIouOptions {
  /** Regions in which anchors train nothing: [n, 4] xyxy. */
  readonly ignoreBoxes?: Boxes;
  /** Part of an anchor's area inside one ignore region above which it is ignored; negative: never. Default −1. */
  readonly ignoreThreshold?: number;
}

/**
 * `matchOverlaps` for boxes. Anchors that lie in an ignore region have overlap −1 with every object, so they end ignored.
 * @param anchors [n, 4] xyxy
 * @param objects [m, 4] xyxy
 */
export function assignMaxIou(anchors: Boxes, objects: Boxes, options: MaxIouAssignOptions): Int32Array {
  const n = anchors.length / 4;
  const overlaps = pairwiseIou(objects, anchors);
  const threshold = options.ignoreThreshold ?? -1;
  const covered = threshold < 0 || options.ignoreBoxes === undefined ? [] : coveredAnchors(anchors, options.ignoreBoxes, threshold);
  for (const a of covered) for (let k = a; k < overlaps.length; k += n) overlaps[k] = -1;
  const result = matchOverlaps(overlaps, n, options);
  for (const a of covered) if (result[a] < 0) result[a] = ignored;
  return result;
}

/** Anchors of whose area more than the threshold lies inside one of the regions. */
export function coveredAnchors(anchors: Boxes, regions: Boxes, threshold: number): number[] {
  const areas = boxAreas(anchors);
  const inside = (a: number, r: number) =>
    Math.max(0, Math.min(anchors[4 * a + 2], regions[4 * r + 2]) - Math.max(anchors[4 * a], regions[4 * r])) *
    Math.max(0, Math.min(anchors[4 * a + 3], regions[4 * r + 3]) - Math.max(anchors[4 * a + 1], regions[4 * r + 1]));
  const list = Array.from({ length: regions.length / 4 }, (_, r) => r);
  return Array.from(areas.keys()).filter((a) => list.some((r) => inside(a, r) / areas[a] > threshold));
}

/** IoU [objects, anchors] in double precision; two empty boxes have 0. */
function pairwiseIou(objects: Boxes, anchors: Boxes): Float64Array {
  const n = anchors.length / 4;
  const areas = boxAreas(anchors);
  const out = new Float64Array((objects.length / 4) * n);
  for (let o = 0, k = 0; o < objects.length; o += 4) {
    const [x1, y1, x2, y2] = [objects[o], objects[o + 1], objects[o + 2], objects[o + 3]];
    const area = (x2 - x1) * (y2 - y1);
    for (let a = 0; a < n; a++, k++) {
      const width = Math.min(x2, anchors[4 * a + 2]) - Math.max(x1, anchors[4 * a]);
      if (width <= 0) continue;
      const height = Math.min(y2, anchors[4 * a + 3]) - Math.max(y1, anchors[4 * a + 1]);
      if (height <= 0) continue;
      const intersection = width * height;
      out[k] = intersection / (area + areas[a] - intersection);
    }
  }
  return out;
}
