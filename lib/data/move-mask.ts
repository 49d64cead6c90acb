import { MaskError } from "../tensor/masks/rle.ts";
import type { Rle } from "../tensor/masks/rle.ts";
import { cropRle } from "../tensor/masks/crop.ts";
import { resampleRle } from "../tensor/masks/resample.ts";
import { rleFrom } from "../tensor/masks/segmentation.ts";
import type { Annotation, ImageInfo } from "./dataset.ts";
import { DatasetError } from "./error.ts";
import type { Plan } from "./transforms.ts";

/**
 * How masks follow their images:
 * - `polygon`: polygons are scaled and mirrored as coordinates, then drawn in the new size; run lengths are resized to the
 *   nearest pixel's centre (detectron2)
 * - `bitmap`: every mask is drawn in the original size, then resized as pixels (torchvision, mmdet)
 */
export type MaskConvention = "polygon" | "bitmap";

/**
 * An annotation's mask, moved as its image's pixels are.
 * Throws DatasetError naming image and annotation when there is no mask or it is malformed.
 */
export function moveMask({ id, segmentation }: Annotation, image: ImageInfo, { to, convention }: { to: Plan; convention: MaskConvention }): Rle {
  const what = `image ${image.id}, annotation ${id}`;
  if (segmentation === undefined) throw new DatasetError(`${what}: it has no mask, and masks are asked for; annotate it, leave it out, open the dataset without \`masks: false\`, or make batches without \`masks\``);
  try {
    if (convention === "polygon" && !("counts" in segmentation)) return rleFrom(segmentation.map((xy) => moved(xy, image, to)), to, what);
    const { width, height, flipX, flipY, crop } = to;
    const whole = rleFrom(segmentation, image, what);
    return resampleRle(crop === undefined ? whole : cropRle(whole, crop), { size: { width, height }, flipX, flipY, sampling: convention === "bitmap" ? "floor" : "centre" });
  } catch (error) {
    throw error instanceof MaskError ? new DatasetError(`${error.message}; correct the annotation or leave it out`) : error;
  }
}

/** A polygon's coordinates as its image's pixels move; what lies outside is cut off when it is drawn. */
function moved(xy: readonly number[], from: ImageInfo, to: Plan): number[] {
  const part = to.crop ?? { x: 0, y: 0, ...from };
  const [sx, sy] = [to.width / part.width, to.height / part.height];
  return xy.map((value, i) => {
    const at = i % 2 === 0 ? (value - part.x) * sx : (value - part.y) * sy;
    if (i % 2 === 0) return to.flipX ? to.width - at : at;
    return to.flipY ? to.height - at : at;
  });
}
