import { openCocoFolder } from "../data/coco-folder.ts";
import type { Dataset, Segmentation } from "../data/dataset.ts";
import { subset } from "../data/subset.ts";
import { syntheticScenes } from "../data/synthetic.ts";
import type { Transforms } from "../data/transforms.ts";

export interface ExampleOptions {
  readonly images: number;
  /** Pixels: side of a scene, or short edge of a photograph as detectors get it (the long edge is at most twice that). */
  readonly side: number;
  /** Of synthetic scenes. */
  readonly seed: number;
  /** How many objects an image has, inclusive; default 2 to 6. */
  readonly objects?: readonly [number, number];
}

/** Images worth looking at, and how detectors get them. */
export interface Examples {
  readonly dataset: Dataset;
  readonly transforms: Transforms;
  /** Whether every object has a mask. */
  readonly masks: boolean;
}

/**
 * A few images with several objects each: synthetic scenes, or a folder's first photographs that have as many.
 * @param data `synthetic`, or a folder in COCO format
 * @throws DatasetError for an unusable folder; RangeError when it has too few such images
 */
export async function examples(data: string, { images, side, seed, objects = [2, 6] }: ExampleOptions): Promise<Examples> {
  if (data === "synthetic") return { dataset: syntheticScenes({ images, size: side, seed, objects, empty: 0 }), transforms: { normalise: "simple" }, masks: true };
  const { train } = await openCocoFolder(data);
  const fitting = train.images.flatMap((_, i) => {
    const count = train.annotations(i).filter(({ crowd }) => !crowd).length;
    return count >= objects[0] && count <= objects[1] ? [i] : [];
  });
  if (fitting.length < images) throw new RangeError(`${train.name} has ${fitting.length} images with ${objects[0]} to ${objects[1]} objects, ${images} are asked for; ask for fewer images or allow other numbers of objects`);
  const dataset = subset(train, fitting.slice(0, images));
  const masks = dataset.images.every((_, i) => dataset.annotations(i).every(({ crowd, segmentation }) => crowd || hasMask(segmentation)));
  return { dataset, masks, transforms: { resize: { kind: "edge", short: side, long: 2 * side }, normalise: "simple" } };
}

function hasMask(segmentation: Segmentation | undefined): boolean {
  return segmentation !== undefined && (!Array.isArray(segmentation) || segmentation.length > 0);
}
