import { MaskError, areaOfRle, boxOfRle } from "./rle.ts";
import type { Rle } from "./rle.ts";

/**
 * Pixels that two masks of one size share, by their runs alone: a[fromA, toA) and b[fromB, toB), so that masks may lie
 * one after another in one long array.
 */
export function sharedPixels(a: Uint32Array, b: Uint32Array, { fromA = 0, toA = a.length, fromB = 0, toB = b.length } = {}): number {
  let shared = 0;
  // Starts and ends of the current object runs.
  let [i, j] = [fromA + 1, fromB + 1];
  if (i >= toA || j >= toB) return 0;
  let [startA, startB] = [a[fromA], b[fromB]];
  for (;;) {
    const [endA, endB] = [startA + a[i], startB + b[j]];
    const overlap = Math.min(endA, endB) - Math.max(startA, startB);
    if (overlap > 0) shared += overlap;
    if (endA <= endB) {
      if (i + 2 >= toA) return shared;
      startA = endA + a[i + 1];
      i += 2;
    } else {
      if (j + 2 >= toB) return shared;
      startB = endB + b[j + 1];
      j += 2;
    }
  }
}

function boxesMeet(a: readonly number[], b: readonly number[]): boolean {
  return Math.min(a[0] + a[2], b[0] + b[2]) > Math.max(a[0], b[0]) && Math.min(a[1] + a[3], b[1] + b[3]) > Math.max(a[1], b[1]);
}

/**
 * Overlap of each detection with each annotation: shared pixels over the pixels of either, or, where the annotation is a
 * crowd region, over the detection's own (cocoapi `rleIou`); 0 where nothing is shared.
 * @param crowd [G]; none when absent
 * @returns [D, G] row by row
 * Throws MaskError for masks of several sizes.
 */
export function maskIou(detections: readonly Rle[], annotations: readonly Rle[], crowd?: ArrayLike<number | boolean>): Float64Array {
  const measured = (masks: readonly Rle[]) => masks.map((mask) => ({ mask, area: areaOfRle(mask), box: boxOfRle(mask) }));
  const [found, wanted] = [measured(detections), measured(annotations)];
  const out = new Float64Array(found.length * wanted.length);
  found.forEach((d, row) => wanted.forEach((g, column) => {
    if (d.mask.height !== g.mask.height || d.mask.width !== g.mask.width) {
      throw new MaskError(`mask IoU: detection ${row} is ${d.mask.height} × ${d.mask.width}, annotation ${column} is ${g.mask.height} × ${g.mask.width}; masks of one image have one size`);
    }
    const shared = boxesMeet(d.box, g.box) ? sharedPixels(d.mask.counts, g.mask.counts) : 0;
    if (shared > 0) out[row * wanted.length + column] = shared / (crowd?.[column] ? d.area : d.area + g.area - shared);
  }));
  return out;
}
