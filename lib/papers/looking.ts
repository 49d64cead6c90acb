import type { Experiment } from "./experiment.ts";

/** How often a training looks at validation images, the last time at its end. */
export const looks = 5;

/** Images that a look takes at least, where there are as many. */
const fewImages = 32;

/** What all looks may cost of a training: their forward passes of its images', which pass forward and backward (three times). */
const cost = 0.01;

/** Images that a training looks at, at most; spread evenly over the validation data. Long trainings see all of COCO's. */
export function lookImages({ data: { batchSize }, training: { iterations } }: Pick<Experiment, "data" | "training">): number {
  return Math.max(fewImages, Math.floor((cost * 3 * iterations * batchSize) / looks));
}

/**
 * What an AP on the way was measured on, in words.
 * @param images of the validation data; undefined where nobody knows how many there are
 * @param seen what looks record of it; runs of older versions saw few
 */
export function lookedAt(images: number | undefined, seen: number = fewImages): string {
  if (images === undefined) return `at most ${seen} validation images`;
  return images <= seen ? `the ${images} validation images` : `${seen} of the ${images} validation images`;
}

/** Whether a look saw all of the validation images. */
export function sawAll({ images = fewImages }: { readonly images?: number }, all: number): boolean {
  return images >= all;
}
