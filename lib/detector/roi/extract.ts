import type * as tf from "@tensorflow/tfjs-core";
import { roiAlign, type RoiAlignOptions, type Rois } from "../../tensor/roi-align.ts";
import { roiLevels, type LevelRule } from "./levels.ts";

export interface RoiExtractOptions extends Omit<RoiAlignOptions, "levels"> {
  /** Strides in pixels of the maps that regions are read from, finest first. */
  readonly strides: readonly number[];
  readonly levels: LevelRule;
}

/**
 * RoIAlign of every region from the level its size belongs to.
 * @param pyramid maps, finest first; those beyond `strides` (P6) are not read
 * @returns [R, rows, columns, C]
 */
export function extractRois(pyramid: readonly tf.Tensor4D[], rois: Rois, { strides, levels, ...options }: RoiExtractOptions): tf.Tensor4D {
  if (pyramid.length < strides.length) throw new Error(`regions are read from ${strides.length} maps, the pyramid has ${pyramid.length}`);
  const maps = strides.map((stride, l) => ({ features: pyramid[l], scale: 1 / stride }));
  return roiAlign(maps, rois, { ...options, levels: roiLevels(rois.boxes, levels, strides.length) });
}

/** Boxes of each image as one list: the images' positions are their places in the array. */
export function joinRois(images: readonly { readonly boxes: Float32Array }[]): Rois {
  const counts = images.map(({ boxes }) => boxes.length / 4);
  const boxes = new Float32Array(4 * counts.reduce((sum, n) => sum + n, 0));
  let start = 0;
  for (const image of images) {
    boxes.set(image.boxes, start);
    start += image.boxes.length;
  }
  return { boxes, images: Int32Array.from(counts.flatMap((n, image) => Array.from({ length: n }, () => image))) };
}
