import { MaskError } from "../tensor/masks/rle.ts";
import type { MaskSize, Rle } from "../tensor/masks/rle.ts";
import { rleFrom } from "../tensor/masks/segmentation.ts";
import type { MaskForm } from "../tensor/masks/segmentation.ts";
import { EvaluationDataError } from "./fields.ts";

/**
 * The mask of a form. `size` is the image's, undefined when its record does not say; run lengths then tell their own.
 * Throws `EvaluationDataError` that begins with `where()`.
 */
export function maskOf(form: MaskForm, size: MaskSize | undefined, where: () => string): Rle {
  const own = "counts" in form ? { height: form.size[0], width: form.size[1] } : undefined;
  const known = size ?? own;
  if (known === undefined) throw new EvaluationDataError(`${where()}: "segmentation" is polygons, but its image's record has no "height" and "width"; polygons need them`);
  try {
    return rleFrom(form, known, '"segmentation"');
  } catch (error) {
    throw error instanceof MaskError ? new EvaluationDataError(`${where()}: ${error.message}`) : error;
  }
}

/** The size of the image at a position, undefined when it is not known. */
export function imageSize(imageSizes: Int32Array | undefined, image: number): MaskSize | undefined {
  const [height, width] = imageSizes === undefined ? [0, 0] : [imageSizes[2 * image], imageSizes[2 * image + 1]];
  return height > 0 && width > 0 ? { height, width } : undefined;
}
