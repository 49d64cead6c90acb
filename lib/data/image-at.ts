import type { ImageInfo } from "./dataset.ts";

/** The image at `index`. Throws RangeError outside the dataset. */
export function imageAt(images: readonly ImageInfo[], index: number): ImageInfo {
  const image = images[index];
  if (image === undefined) throw new RangeError(`image index ${index} is outside the dataset's 0 to ${images.length - 1}`);
  return image;
}
