import { resampleRle } from "../tensor/masks/resample.ts";
import type { Rle } from "../tensor/masks/rle.ts";
import type { ImageDetections } from "./detections.ts";

/** What a detector gives for one image of a batch. */
export interface BatchDetections {
  /** [n, 4] xyxy in pixels of the batch image. */
  readonly boxes: ArrayLike<number>;
  readonly scores: ArrayLike<number>;
  /** [n] positions in `categories`. */
  readonly labels: ArrayLike<number>;
  /** In the size of the image's content in the batch. */
  readonly masks?: readonly Rle[];
}

/** How an image lies in its batch (`Target` has it). */
export interface Placement {
  readonly width: number;
  readonly height: number;
  readonly scaleX: number;
  readonly scaleY: number;
  readonly flipped: boolean;
  /** Of a part that was cut out for training: the original is not all there. */
  readonly crop?: object;
}

/**
 * Detections taken back to the original image, as `DetectionBuffer.add` wants them: boxes divided by the scales and mirrored
 * back, masks resized to the nearest pixel, labels as category ids.
 * @throws Error for an image that was cut out: detections are scored on whole images (`evaluationBatches`)
 */
export function inOriginal({ boxes, scores, labels, masks }: BatchDetections, { width, height, scaleX, scaleY, flipped, crop }: Placement, categories: readonly { readonly id: number }[]): ImageDetections {
  if (crop !== undefined) throw new Error("this image is a part that was cut out for training; detections are taken back to whole images, as evaluationBatches makes them");
  const size = { width: Math.round(width / scaleX), height: Math.round(height / scaleY) };
  const back = Float64Array.from({ length: boxes.length }, (_, i) => {
    if (i % 2 === 1) return boxes[i] / scaleY;
    return (flipped ? width - boxes[(i % 4 === 0 ? i + 2 : i - 2)] : boxes[i]) / scaleX;
  });
  return {
    boxes: back,
    scores,
    categoryIds: Array.from(labels, (label) => categories[label].id),
    ...(masks !== undefined && { masks: masks.map((mask) => resampleRle(mask, { size, flipX: flipped })) }),
  };
}
