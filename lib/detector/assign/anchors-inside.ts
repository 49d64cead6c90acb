import type { Boxes } from "../../tensor/boxes.ts";
import { assignMaxIou, ignored, type MaxIouOptions } from "./max-iou.ts";

/** mmdet pads every image to multiples of this, and then to the largest of its batch, in pixels. */
const ownPadding = 32;

/**
 * Which anchors train, by where they lie in the image: `all` (torchvision, detectron2), those whose centre lies in it or in
 * its own padding, but not in that of its batch (mmdet's valid flags), or those that lie wholly in its content (mmdet with
 * `allowed_border` 0).
 */
export type AnchorRegion = "all" | "centre" | "whole";

interface Size {
  readonly width: number;
  readonly height: number;
}

/** A region of one image. */
export interface RegionOfImage {
  readonly region: AnchorRegion;
  /** Pixels of the image's content. */
  readonly size: Size;
}

/** `assignMaxIou` among the anchors of a region; the others are ignored and are no object's best. */
export function assignInside(anchors: Boxes, objects: Boxes, options: MaxIouOptions, where: RegionOfImage): Int32Array {
  return assignAmong(anchors, where, (inside) => assignMaxIou(inside, objects, options));
}

/**
 * An assignment that knows only the anchors of a region; the others are ignored.
 * @param assign gets these anchors [n, 4] and their positions, ascending, among all (undefined: they are all) and gives each an
 * object, `background` or `ignored`
 */
export function assignAmong(anchors: Boxes, { region, size }: RegionOfImage, assign: (inside: Boxes, positions?: Int32Array) => Int32Array): Int32Array {
  const count = anchors.length / 4;
  const positions = region === "all" ? undefined : positionsInside(anchors, region, size);
  if (positions === undefined || positions.length === count) return assign(anchors);
  const assigned = assign(Float64Array.from({ length: 4 * positions.length }, (_, k) => anchors[4 * positions[k >> 2] + (k & 3)]), positions);
  const all = new Int32Array(count).fill(ignored);
  for (let k = 0; k < positions.length; k++) all[positions[k]] = assigned[k];
  return all;
}

function positionsInside(anchors: Boxes, region: Exclude<AnchorRegion, "all">, size: Size): Int32Array {
  const isInside = region === "centre" ? centreInside : whollyInside;
  const found = new Int32Array(anchors.length / 4);
  let n = 0;
  for (let a = 0; a < found.length; a++) if (isInside(anchors, a, size)) found[n++] = a;
  return found.subarray(0, n);
}

function centreInside(anchors: Boxes, a: number, { width, height }: Size): boolean {
  return (anchors[4 * a] + anchors[4 * a + 2]) / 2 < padded(width) && (anchors[4 * a + 1] + anchors[4 * a + 3]) / 2 < padded(height);
}

const padded = (length: number): number => Math.ceil(length / ownPadding) * ownPadding;

function whollyInside(anchors: Boxes, a: number, { width, height }: Size): boolean {
  return anchors[4 * a] >= 0 && anchors[4 * a + 1] >= 0 && anchors[4 * a + 2] < width && anchors[4 * a + 3] < height;
}
