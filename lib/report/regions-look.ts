import * as tf from "@tensorflow/tfjs-core";
import type { Dataset } from "../data/dataset.ts";
import type { Detector } from "../detector/detector.ts";
import { regionsOf } from "../distill/region-weights.ts";
import type { RegionEntropies } from "../distill/region-entropy.ts";
import type { PartitionOptions, RegionLevel } from "../distill/regions.ts";
import { eachView } from "./look.ts";
import type { View, ViewOptions } from "./look.ts";

/** An image with the regions that a teacher's scores and the ground truth divide it into; plain numbers, nothing to dispose. */
export interface RegionLook extends View {
  /** The teacher's name. */
  readonly teacher: string;
  /** A score above it is high. */
  readonly threshold: number;
  /** Finest first. */
  readonly regions: readonly RegionLevel[];
}

/**
 * The four regions of images of a dataset, each a batch of its own, by ascending position. No tensor is left.
 * @param entropies also counts each image's regions there
 * @throws RangeError for an option outside its values or an image that does not exist
 */
export async function lookAtRegions(teacher: Detector, dataset: Dataset, indices: readonly number[], options: ViewOptions & PartitionOptions & { readonly entropies?: RegionEntropies } = {}): Promise<RegionLook[]> {
  const { entropies, threshold = 0.05 } = options;
  return eachView(dataset, indices, options, (images, view) => {
    let regions: readonly RegionLevel[] = [];
    tf.tidy(() => {
      const prediction = teacher.forward(images);
      regions = regionsOf(prediction.logits, { targets: [view.target], detector: teacher, strides: teacher.strides, size: prediction }, options);
      entropies?.add({ regions, photos: [view.photo], features: prediction.pyramid });
    });
    return { ...view, teacher: teacher.name, threshold, regions };
  });
}
