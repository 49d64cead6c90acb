import { compressCounts, decompressCounts } from "./counts.ts";
import { unionOf } from "./merge.ts";
import { rlePolygon } from "./polygon.ts";
import { MaskError, rleFromCounts } from "./rle.ts";
import type { MaskSize, Rle } from "./rle.ts";

/** COCO's run lengths as its files have them: text is compressed, numbers are not; `size` is [height, width]. */
export interface CocoRle {
  readonly counts: string | ArrayLike<number>;
  readonly size: readonly number[];
}

/** The forms in which COCO's files give a mask: polygons (their union), or run lengths. */
export type MaskForm = readonly (readonly number[])[] | CocoRle;

/**
 * A mask in any of COCO's forms as run lengths (cocoapi `annToRLE`).
 * @param size of the image; run lengths must have it, polygons are drawn in it
 * Throws MaskError for malformed polygons or counts, and for run lengths of another size.
 */
export function rleFrom(form: MaskForm, size: MaskSize, what = "segmentation"): Rle {
  if ("counts" in form) return rleFromCoco(form, size, what);
  if (form.length === 0) throw new MaskError(`${what}: no polygon received, at least one is needed`);
  return unionOf(form.map((xy, i) => rlePolygon(xy, size, form.length === 1 ? what : `${what}, polygon ${i}`)));
}

function rleFromCoco({ counts, size: [height, width] }: CocoRle, size: MaskSize, what: string): Rle {
  if (height !== size.height || width !== size.width) throw new MaskError(`${what}: its size is [${height}, ${width}], the image's [${size.height}, ${size.width}] (height, width)`);
  return typeof counts === "string" ? decompressCounts(counts, size, what) : rleFromCounts(counts, size, what);
}

/**
 * A box as a mask: its four corners drawn as a polygon (cocoapi `rleFrBbox`).
 * @param xywh [x, y, width, height] in pixels
 */
export function rleBox([x, y, w, h]: readonly number[], size: MaskSize, what = "box"): Rle {
  return rlePolygon([x, y, x, y + h, x + w, y + h, x + w, y], size, what);
}

/** Run lengths as COCO's result files have them. */
export function toCocoRle({ counts, height, width }: Rle): { readonly size: [number, number]; readonly counts: string } {
  return { size: [height, width], counts: compressCounts(counts) };
}
