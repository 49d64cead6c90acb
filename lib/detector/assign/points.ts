import { boxAreas, type Boxes } from "../../tensor/boxes.ts";
import type { PriorLevel } from "../assignment.ts";
import { background } from "./max-iou.ts";

export interface PointAssignOptions {
  /**
   * Per level, the largest of the four distances (pixels) that it serves, from – to. Default `bounds` of FCOS: −1, 64, 128,
   * 256, 512, ∞.
   */
  readonly ranges: readonly (readonly [number, number])[];
  /** Whether a distance equal to a bound is served: yes (mmdet, cvpods) or no (torchvision, detectron2). */
  readonly bounds: "inclusive" | "exclusive";
  /** Largest distance of a point from the object's centre, in units of `units`, along each axis; ∞ turns centre sampling off. */
  readonly radius: number;
}

/**
 * FCOS's assignment (Tian et al. 2019, section 3): a point is positive for an object when it lies inside the box (and near
 * its centre, when sampled) and the largest distance to a side is in the level's range; among several the smallest object
 * wins, the first of equals.
 * @param units pixels per unit of `radius` of each level (its stride)
 * @param objects [m, 4] xyxy
 * @returns per point an object's index or `background`
 */
export function assignPoints(levels: readonly PriorLevel[], units: readonly number[], objects: Boxes, options: PointAssignOptions): Int32Array {
  const areas = boxAreas(objects);
  const parts = levels.map(({ coordinates }, l) => assignLevel(coordinates, objects, areas, { range: options.ranges[l], bounds: options.bounds, reach: options.radius * units[l] }));
  const out = new Int32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let start = 0;
  for (const part of parts) {
    out.set(part, start);
    start += part.length;
  }
  return out;
}

interface LevelRule {
  readonly range: readonly [number, number];
  readonly bounds: PointAssignOptions["bounds"];
  /** Pixels from the centre. */
  readonly reach: number;
}

function assignLevel(points: ArrayLike<number>, objects: Boxes, areas: Float64Array, { range: [low, high], bounds, reach }: LevelRule): Int32Array {
  const inclusive = bounds === "inclusive";
  const out = new Int32Array(points.length / 2).fill(background);
  for (let o = 0; o < areas.length; o++) {
    const [x1, y1, x2, y2] = [objects[4 * o], objects[4 * o + 1], objects[4 * o + 2], objects[4 * o + 3]];
    const [cx, cy] = [(x1 + x2) / 2, (y1 + y2) / 2];
    for (let p = 0; p < out.length; p++) {
      const [x, y] = [points[2 * p], points[2 * p + 1]];
      if (!(x > x1 && x < x2 && y > y1 && y < y2)) continue;
      if (!(Math.abs(x - cx) < reach && Math.abs(y - cy) < reach)) continue;
      const far = Math.max(x - x1, y - y1, x2 - x, y2 - y);
      if (inclusive ? far < low || far > high : far <= low || far >= high) continue;
      if (out[p] === background || areas[o] < areas[out[p]]) out[p] = o;
    }
  }
  return out;
}
