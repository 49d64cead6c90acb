import { MaskError, RunBuilder } from "./rle.ts";
import type { Rle } from "./rle.ts";

/** Throws MaskError unless all masks have the first one's size. */
function checkSameSize(masks: readonly Rle[]): void {
  const [{ height, width }] = masks;
  const other = masks.findIndex((mask) => mask.height !== height || mask.width !== width);
  if (other > 0) throw new MaskError(`masks to be merged: mask ${other} is ${masks[other].height} × ${masks[other].width}, the first ${height} × ${width}; they must have one size`);
}

/** Walks two masks' runs side by side: `visit(from, to, inA, inB)` for stretches in which neither changes. */
export function walkTogether(a: Uint32Array, b: Uint32Array, visit: (from: number, to: number, inA: boolean, inB: boolean) => void): void {
  let [i, j] = [0, 0];
  let [endA, endB] = [a[0] ?? 0, b[0] ?? 0];
  let at = 0;
  while (i < a.length && j < b.length) {
    const end = Math.min(endA, endB);
    if (end > at) visit(at, end, (i & 1) === 1, (j & 1) === 1);
    at = end;
    if (endA === end) endA += a[++i] ?? 0;
    if (endB === end) endB += b[++j] ?? 0;
  }
}

function mergeTwo(a: Rle, b: Rle, belongs: (inA: boolean, inB: boolean) => boolean): Rle {
  const builder = new RunBuilder(a);
  walkTogether(a.counts, b.counts, (from, to, inA, inB) => {
    if (belongs(inA, inB)) builder.add(from, to);
  });
  return builder.finish();
}

function merge(masks: readonly Rle[], belongs: (inA: boolean, inB: boolean) => boolean, name: string): Rle {
  if (masks.length === 0) throw new MaskError(`${name} of no masks: at least one is needed, since it tells the size`);
  checkSameSize(masks);
  return masks.slice(1).reduce((a, b) => mergeTwo(a, b, belongs), masks[0]);
}

/** The pixels of any of the masks. Throws MaskError without masks, or for masks of several sizes. */
export function unionOf(masks: readonly Rle[]): Rle {
  return merge(masks, (inA, inB) => inA || inB, "the union");
}

/** The pixels that all masks share. Throws MaskError without masks, or for masks of several sizes. */
export function intersectionOf(masks: readonly Rle[]): Rle {
  return merge(masks, (inA, inB) => inA && inB, "the intersection");
}
