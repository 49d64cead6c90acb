import { MaskError, RunBuilder, checkMaskSize } from "./rle.ts";
import type { MaskSize, Rle } from "./rle.ts";

/** COCO draws outlines on a grid this many times finer than the pixels. */
const FINER = 5;
/** Rows and columns of the fine grid are 32-bit numbers, as COCO's are. */
const FARTHEST = Math.floor(2 ** 31 / FINER) - 1;

/**
 * The pixels of a polygon, exactly as COCO's own code draws it (cocoapi `rleFrPoly`), which defines the areas and masks
 * that COCO's numbers rest on: corners are rounded to a five times finer grid, edges are walked there in unit steps along
 * their longer side, and wherever a walk crosses the middle column of a pixel, inside and outside change at that height.
 * Crossings left or right of the image do not count, those above or below are moved to its border.
 *
 * Only crossings are computed, at most one per edge and image column: huge polygons cost no more than their columns.
 * @param xy [x1, y1, x2, y2, …] in pixels
 * Throws MaskError for fewer than three points, an odd count, and coordinates that are not finite or beyond ±4·10^8.
 */
export function rlePolygon(xy: ArrayLike<number>, size: MaskSize, what = "polygon"): Rle {
  checkMaskSize(size, what);
  checkPolygon(xy, what);
  const fine = (i: number) => Math.trunc(FINER * xy[i] + 0.5);
  const flips: number[] = [];
  for (let i = 0; i < xy.length; i += 2) {
    const next = i + 2 === xy.length ? 0 : i + 2;
    crossColumns({ x1: fine(i), y1: fine(i + 1), x2: fine(next), y2: fine(next + 1) }, size, flips);
  }
  return rleFromFlips(flips, size);
}

/** Throws MaskError unless `xy` is a polygon that can be drawn. */
export function checkPolygon(xy: ArrayLike<number>, what = "polygon"): void {
  if (xy.length < 6 || xy.length % 2 !== 0) throw new MaskError(`${what}: ${xy.length} numbers received, a polygon is [x1, y1, x2, y2, x3, y3, …] of at least three points`);
  for (let i = 0; i < xy.length; i++) {
    if (!Number.isFinite(xy[i]) || Math.abs(xy[i]) > FARTHEST) throw new MaskError(`${what}: number ${i} is ${String(xy[i])}, allowed are finite coordinates in pixels, at most ${FARTHEST} from 0`);
  }
}

interface Edge {
  readonly x1: number;
  readonly y1: number;
  readonly x2: number;
  readonly y2: number;
}

/** Pushes where an edge of the fine grid crosses the middles of the image's columns, as pixels counted down the columns. */
function crossColumns({ x1, y1, x2, y2 }: Edge, { height, width }: MaskSize, flips: number[]): void {
  const [left, right] = [Math.min(x1, x2), Math.max(x1, x2)];
  // The middle of pixel x lies between the fine columns 5x + 2 and 5x + 3.
  const first = Math.max(0, Math.ceil((left - 2) / FINER));
  const last = Math.min(width - 1, Math.floor((right - 3) / FINER));
  if (first > last) return;
  const higher = walk({ x1, y1, x2, y2 });
  for (let x = first; x <= last; x++) {
    const y = Math.ceil(Math.min(Math.max((higher(FINER * x + 2) + 0.5) / FINER - 0.5, 0), height));
    flips.push(x * height + y);
  }
}

/**
 * For an edge: the fine row, of the two steps between which the walk passes from column u to u + 1, that is higher up.
 * A walk goes from the end with the smaller main coordinate, whichever way the polygon runs.
 */
function walk({ x1, y1, x2, y2 }: Edge): (u: number) => number {
  const [dx, dy] = [Math.abs(x2 - x1), Math.abs(y2 - y1)];
  const swapped = dx >= dy ? x1 > x2 : y1 > y2;
  const [xs, ys, xe, ye] = swapped ? [x2, y2, x1, y1] : [x1, y1, x2, y2];
  if (dx >= dy) {
    const slope = (ye - ys) / dx;
    const row = (t: number) => Math.trunc(ys + slope * t + 0.5);
    return (u) => Math.min(row(u - xs), row(u + 1 - xs));
  }
  const slope = (xe - xs) / dy;
  const column = (t: number) => Math.trunc(xs + slope * t + 0.5);
  return (u) => ys + lastStepBefore(column, u, { slope, guess: (u + 0.5 - xs) / slope, steps: dy });
}

/**
 * The smaller of the two neighbouring steps t, t + 1 whose columns are u and u + 1, in either order.
 * Columns never turn back along a walk, so that the guess by division is at most a step or two away.
 */
function lastStepBefore(column: (t: number) => number, u: number, { slope, guess, steps }: { slope: number; guess: number; steps: number }): number {
  const passed = slope > 0 ? (t: number) => column(t) > u : (t: number) => column(t) <= u;
  let t = Math.min(Math.max(Math.floor(guess), 0), steps);
  while (t > 0 && passed(t)) t--;
  while (t < steps && !passed(t + 1)) t++;
  return t;
}

/** Turns places at which inside and outside change into runs; two changes at one place undo each other. */
function rleFromFlips(flips: readonly number[], size: MaskSize): Rle {
  const pixels = size.height * size.width;
  const sorted = Float64Array.from(flips).sort();
  const builder = new RunBuilder(size);
  for (let i = 0; i < sorted.length; i += 2) builder.add(sorted[i], Math.min(sorted[i + 1] ?? pixels, pixels));
  return builder.finish();
}
