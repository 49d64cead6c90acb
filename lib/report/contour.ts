import { boxOfRle, forEachRun } from "../tensor/masks/rle.ts";
import type { Rle } from "../tensor/masks/rle.ts";

/** A closed line: x1, y1, x2, y2, … in pixels. */
export type Ring = readonly number[];

/** A mask cut to its box, with a border of background: pixel (x, y) of the box stands at (y + 1)·stride + x + 1. */
interface Cut {
  readonly inside: Uint8Array;
  readonly stride: number;
  readonly rows: number;
  readonly left: number;
  readonly top: number;
}

function cut(mask: Rle): Cut {
  const [left, top, width, height] = boxOfRle(mask);
  const stride = width + 2;
  const inside = new Uint8Array(stride * (height + 2));
  forEachRun(mask, (x, from, to) => {
    for (let y = from; y < to; y++) inside[(y - top + 1) * stride + x - left + 1] = 1;
  });
  return { inside, stride, rows: height + 2, left, top };
}

/** Steps right, down, left, up: corner to corner, with the object on the right-hand side. */
const STEPS = [[1, 0], [0, 1], [-1, 0], [0, -1]] as const;

/** A straight piece of an outline: from corner (x, y) so many pixel sides in a direction (place in `STEPS`). */
interface Side {
  readonly x: number;
  readonly y: number;
  readonly direction: number;
  readonly length: number;
}

/** A point of an outline; corners are kept whatever the tolerance. */
interface Point {
  readonly x: number;
  readonly y: number;
  readonly corner: boolean;
}

/** Where two sides of at least so many pixels meet, the object has a corner; shorter ones are steps of a slanted edge. */
const LONG = 3;

/**
 * The outlines of a mask: around each part clockwise, around each hole the other way, through the middles of pixel sides
 * and the corners of long ones, so that slanted edges are straight and right angles stay. With the even-odd rule they
 * enclose the mask. Parts that meet in a corner stay apart. Points that lie within `tolerance` pixels of the line without
 * them are left out.
 */
export function contours(mask: Rle, tolerance: number): Ring[] {
  const shape = cut(mask);
  const { inside, stride, rows, left, top } = shape;
  // Upper sides of object pixels are walked to the right, each once.
  const walked = new Uint8Array(inside.length);
  const rings: Ring[] = [];
  for (let at = stride; at < stride * (rows - 1); at++) {
    if (inside[at] === 0 || inside[at - stride] === 1 || walked[at] === 1) continue;
    const kept = simplified(pointsOf(outline(shape, at, walked)), tolerance);
    rings.push(kept.flatMap(({ x, y }) => [x + left - 1, y + top - 1]));
  }
  return rings;
}

/** Walks once around, from the upper left corner of pixel `first`, which is left to the right. */
function outline({ inside, stride }: Cut, first: number, walked: Uint8Array): Side[] {
  const [startX, startY] = [first % stride, Math.floor(first / stride)];
  const sides: Side[] = [];
  let [x, y, direction] = [startX, startY, 0];
  let begin = { x, y };
  do {
    if (direction === 0) walked[y * stride + x] = 1;
    [x, y] = [x + STEPS[direction][0], y + STEPS[direction][1]];
    const next = nextDirection(inside, stride, { x, y, direction });
    if (next !== direction) {
      sides.push({ ...begin, direction, length: Math.abs(x - begin.x) + Math.abs(y - begin.y) });
      begin = { x, y };
    }
    direction = next;
  } while (x !== startX || y !== startY || direction !== 0);
  return sides;
}

/** At a corner: right where the pixel ahead on the right is background, left where the one on the left is object, else on. */
function nextDirection(inside: Uint8Array, stride: number, { x, y, direction }: { x: number; y: number; direction: number }): number {
  // Pixels around corner (x, y), in the order right-below, left-below, left-above, right-above.
  const around = (i: number) => inside[(y - (i === 2 || i === 3 ? 1 : 0)) * stride + x - (i === 1 || i === 2 ? 1 : 0)];
  if (around(direction) === 0) return (direction + 1) % 4;
  return around((direction + 3) % 4) === 1 ? (direction + 3) % 4 : direction;
}

/** The middles of each side's first and last pixel side, with the corners between long sides. */
function pointsOf(sides: readonly Side[]): Point[] {
  return sides.flatMap(({ x, y, direction, length }, i) => {
    const [dx, dy] = STEPS[direction];
    const before = sides[(i + sides.length - 1) % sides.length];
    const along = (distance: number): Point => ({ x: x + dx * distance, y: y + dy * distance, corner: false });
    const corner = Math.min(length, before.length) >= LONG ? [{ x, y, corner: true }] : [];
    return [...corner, along(0.5), ...(length > 1 ? [along(length - 0.5)] : [])];
  });
}

/**
 * Leaves out points of a ring as long as all of them lie within the tolerance of the line that replaces them, by the cone
 * of directions that pass them all (Williams, "An efficient algorithm for the piecewise linear approximation of planar
 * curves", 1978): linear in the number of points.
 */
function simplified(ring: readonly Point[], tolerance: number): Point[] {
  const first = Math.max(0, ring.findIndex(({ corner }) => corner));
  const at = (i: number) => ring[(first + i) % ring.length];
  const kept = [at(0)];
  let cone = openCone();
  for (let i = 1; i < ring.length; i++) {
    if (!narrow(cone, kept[kept.length - 1], at(i), tolerance)) {
      kept.push(at(i - 1));
      cone = openCone();
      narrow(cone, at(i - 1), at(i), tolerance);
    }
    if (!at(i).corner) continue;
    kept.push(at(i));
    cone = openCone();
  }
  if (!narrow(cone, kept[kept.length - 1], at(0), tolerance)) kept.push(at(ring.length - 1));
  return kept;
}

/** Directions, relative to the first point's, in which a line passes all points so far. */
interface Cone {
  base: number;
  low: number;
  high: number;
}

const openCone = (): Cone => ({ base: NaN, low: -Infinity, high: Infinity });

/** Narrows the cone to lines that pass one more point; false when the line to that point leaves it. */
function narrow(cone: Cone, from: Point, to: Point, tolerance: number): boolean {
  const direction = Math.atan2(to.y - from.y, to.x - from.x);
  if (Number.isNaN(cone.base)) cone.base = direction;
  const angle = turn(direction - cone.base);
  if (angle < cone.low || angle > cone.high) return false;
  const distance = Math.hypot(to.x - from.x, to.y - from.y);
  const spread = distance <= tolerance ? Math.PI : Math.asin(tolerance / distance);
  cone.low = Math.max(cone.low, angle - spread);
  cone.high = Math.min(cone.high, angle + spread);
  return true;
}

/** An angle brought to −π … π. */
function turn(angle: number): number {
  return angle - 2 * Math.PI * Math.round(angle / (2 * Math.PI));
}
