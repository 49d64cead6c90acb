import { createHash } from "node:crypto";
import { imageAt } from "./image-at.ts";
import type { Dataset } from "./dataset.ts";

function chosen(dataset: Dataset, which: number | readonly number[]): readonly number[] {
  if (typeof which !== "number") return [...new Set(which)].sort((a, b) => a - b);
  if (!Number.isInteger(which) || which < 1 || which > dataset.images.length) {
    throw new RangeError(`${dataset.name}: a subset of ${which} images was asked for, allowed are 1 to ${dataset.images.length}`);
  }
  return Array.from({ length: which }, (_, index) => index);
}

/**
 * Some of a dataset's images, in ascending order, each once.
 * @param which positions in `dataset.images`, or how many from the start
 * Throws RangeError outside the dataset.
 */
export function subset(dataset: Dataset, which: number | readonly number[], name = `${dataset.name} (part)`): Dataset {
  const indices = chosen(dataset, which);
  const images = indices.map((index) => imageAt(dataset.images, index));
  const at = (index: number) => { imageAt(images, index); return indices[index]; };
  return {
    name,
    hash: createHash("sha256").update(`${dataset.hash} ${indices.join(",")}`).digest("hex"),
    categories: dataset.categories,
    images,
    annotations: (index) => dataset.annotations(at(index)),
    pixels: async (index) => dataset.pixels(at(index)),
  };
}
