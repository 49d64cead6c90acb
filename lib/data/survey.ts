import type { Dataset } from "./dataset.ts";

/** What a dataset holds. */
export interface Survey {
  readonly images: number;
  readonly annotations: number;
  readonly crowds: number;
  readonly masks: number;
  /** Images without an annotation that trains. */
  readonly emptyImages: number;
  /** Objects (not crowds) by COCO's area limits 32² and 96². */
  readonly small: number;
  readonly medium: number;
  readonly large: number;
  /** Objects per category, in the order of `Dataset.categories`. */
  readonly perCategory: readonly { readonly name: string; readonly objects: number }[];
}

/** Counts what a dataset holds, without reading a pixel. */
export function survey(dataset: Dataset): Survey {
  const all = dataset.images.map((_image, index) => dataset.annotations(index));
  const flat = all.flat();
  const objects = flat.filter((a) => !a.crowd);
  const within = (low: number, high: number) => objects.filter((a) => a.area >= low ** 2 && a.area < high ** 2).length;
  const perId = new Map<number, number>();
  for (const { categoryId } of objects) perId.set(categoryId, (perId.get(categoryId) ?? 0) + 1);
  return {
    images: dataset.images.length,
    annotations: flat.length,
    crowds: flat.length - objects.length,
    masks: flat.filter((a) => a.segmentation !== undefined).length,
    emptyImages: all.filter((list) => list.every((a) => a.crowd)).length,
    small: within(0, 32),
    medium: within(32, 96),
    large: within(96, Infinity),
    perCategory: dataset.categories.map(({ id, name }) => ({ name, objects: perId.get(id) ?? 0 })),
  };
}

/**
 * Decodes every image, so that a broken one is found before a training run finds it. Rejects with the first DatasetError.
 */
export async function checkPixels(dataset: Dataset, onProgress: (done: number, total: number) => void = () => undefined): Promise<void> {
  const together = 8;
  for (let from = 0; from < dataset.images.length; from += together) {
    const some = dataset.images.slice(from, from + together).map((_image, k) => dataset.pixels(from + k));
    await Promise.all(some);
    onProgress(from + some.length, dataset.images.length);
  }
}
