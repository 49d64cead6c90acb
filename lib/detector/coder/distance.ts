import * as tf from "@tensorflow/tfjs-core";
import type { Boxes } from "../../tensor/boxes.ts";

export interface DistanceLimits {
  /** Largest distance that a head can say; targets are cut to [0, limit − ε]. Default none. */
  readonly limit?: number;
  /** Default 0.1 (mmdet). */
  readonly epsilon?: number;
}

/**
 * Distances l, t, r, b from points to the sides of boxes, aligned pairs (FCOS eq. 1); negative outside the box.
 * @param points [n, 2] x, y
 * @param boxes [n, 4] xyxy
 * @returns [n, 4]
 */
export function encodeDistances(points: Boxes, boxes: Boxes, { limit, epsilon = 0.1 }: DistanceLimits = {}): Float64Array {
  const out = new Float64Array(boxes.length);
  const cut = (v: number) => (limit === undefined ? v : Math.min(Math.max(v, 0), limit - epsilon));
  for (let i = 0; i < boxes.length; i += 4) {
    const [x, y] = [points[i / 2], points[i / 2 + 1]];
    out[i] = cut(x - boxes[i]);
    out[i + 1] = cut(y - boxes[i + 1]);
    out[i + 2] = cut(boxes[i + 2] - x);
    out[i + 3] = cut(boxes[i + 3] - y);
  }
  return out;
}

/** The inverse of `encodeDistances`: points [n, 2] and distances [n, 4] → boxes [n, 4] xyxy. */
export function decodeDistances(points: Boxes, distances: Boxes): Float64Array {
  const out = new Float64Array(distances.length);
  for (let i = 0; i < distances.length; i += 4) {
    const [x, y] = [points[i / 2], points[i / 2 + 1]];
    out[i] = x - distances[i];
    out[i + 1] = y - distances[i + 1];
    out[i + 2] = x + distances[i + 2];
    out[i + 3] = y + distances[i + 3];
  }
  return out;
}

/**
 * Distances l, t, r, b [n, 4] on the gradient tape as boxes around the origin: [−l, −t, r, b]. IoU and its kin do not depend
 * on where a pair of boxes lies, and small numbers keep more digits.
 */
export function centredBoxes(distances: tf.Tensor2D): tf.Tensor2D {
  return tf.mul(distances, tf.tensor1d([-1, -1, 1, 1]));
}

/**
 * Centre-ness of a point with these distances to its box (FCOS eq. 3): √(min(l, r) / max(l, r) · min(t, b) / max(t, b)).
 * @returns 0 for a point on or outside the border
 */
export function centerness(l: number, t: number, r: number, b: number): number {
  const product = (Math.min(l, r) / Math.max(l, r)) * (Math.min(t, b) / Math.max(t, b));
  return Math.min(l, t, r, b) > 0 ? Math.sqrt(product) : 0;
}

/**
 * Distances from the centres of anchors in units of their sides (torchvision's and detectron2's linear coder).
 * @param anchors [n, 4] xyxy
 * @param boxes [n, 4] xyxy
 * @returns [n, 4] l, t, r, b
 */
export function encodeRelative(anchors: Boxes, boxes: Boxes): Float64Array {
  return encodeDistances(centres(anchors), boxes).map((v, k) => v / side(anchors, k));
}

/** The inverse of `encodeRelative`; `floor` is the least distance (detectron2: 0). */
export function decodeRelative(anchors: Boxes, relative: Boxes, { floor = -Infinity }: { readonly floor?: number } = {}): Float64Array {
  return decodeDistances(centres(anchors), Float64Array.from(relative, (v, k) => Math.max(v, floor) * side(anchors, k)));
}

/** Centres [n, 2] of boxes [n, 4]. */
export function centres(boxes: Boxes): Float64Array {
  return Float64Array.from({ length: boxes.length / 2 }, (_, k) => {
    const i = 4 * (k >> 1) + (k & 1);
    return (boxes[i] + boxes[i + 2]) / 2;
  });
}

/** Width (for entries l and r) or height of entry k's anchor. */
function side(anchors: Boxes, k: number): number {
  const i = k - (k & 3) + (k & 1);
  return anchors[i + 2] - anchors[i];
}
