import { MaskError, RunBuilder, forEachRun } from "./rle.ts";
import type { MaskSize, Rle } from "./rle.ts";

/**
 * The part of a mask from column `x` and row `y` on, without making it dense.
 * Throws MaskError when it reaches beyond the mask.
 */
export function cropRle(mask: Rle, { x, y, width, height }: MaskSize & { readonly x: number; readonly y: number }): Rle {
  const inside = [x, y].every((start) => Number.isInteger(start) && start >= 0) && x + width <= mask.width && y + height <= mask.height;
  if (!inside) throw new MaskError(`crop of a mask: ${height} × ${width} pixels from row ${y} and column ${x} reach beyond its ${mask.height} × ${mask.width}`);
  const builder = new RunBuilder({ width, height });
  forEachRun(mask, (column, from, to) => {
    if (column < x || column >= x + width) return;
    const start = (column - x) * height;
    builder.add(start + Math.max(from - y, 0), start + Math.min(to - y, height));
  });
  return builder.finish();
}
