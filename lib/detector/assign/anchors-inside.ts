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

/** `assignMaxIou` among the anchors of a region; the others are ignored and are no object's best. */
export function assignInside(anchors: Boxes, objects: Boxes, options: MaxIouOptions, { region, size }: { readonly region: AnchorRegion; readonly size: Size }): Int32Array {
  if (region === "all") return assignMaxIou(anchors, objects, options);
  const inside = Array.from({ length: anchors.length / 4 }, (_, a) => a).filter((a) => (region === "centre" ? centreInside(anchors, a, size) : whollyInside(anchors, a, size)));
  const assigned = assignMaxIou(Float64Array.from({ length: 4 * inside.length }, (_, k) => anchors[4 * inside[k >> 2] + (k & 3)]), objects, options);
  const all = new Int32Array(anchors.length / 4).fill(ignored);
  for (const [k, a] of inside.entries()) all[a] = assigned[k];
  return all;
}

function centreInside(anchors: Boxes, a: number, { width, height }: Size): boolean {
  return (anchors[4 * a] + anchors[4 * a + 2]) / 2 < padded(width) && (anchors[4 * a + 1] + anchors[4 * a + 3]) / 2 < padded(height);
}

const padded = (length: number): number => Math.ceil(length / ownPadding) * ownPadding;

function whollyInside(anchors: Boxes, a: number, { width, height }: Size): boolean {
  return anchors[4 * a] >= 0 && anchors[4 * a + 1] >= 0 && anchors[4 * a + 2] < width && anchors[4 * a + 3] < height;
}
