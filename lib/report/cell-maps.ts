import type * as tf from "@tensorflow/tfjs-core";
import type { LevelMap } from "./look.ts";

export interface CellMapOptions {
  /** Position of the image in the batch. Default 0. */
  readonly image?: number;
  /** Of maps [B, H, W, C]. Default 0. */
  readonly channel?: number;
}

/**
 * One image's numbers per cell, level by level, for pictures.
 * @param maps [B, H_l, W_l] or [B, H_l, W_l, C]; they stay the caller's
 * @param strides of the levels, in pixels
 * @throws RangeError for an image, channel or level that does not exist
 */
export function cellMaps(maps: readonly tf.Tensor[], strides: readonly number[], { image = 0, channel = 0 }: CellMapOptions = {}): LevelMap[] {
  requireStrides(maps.length, strides);
  return maps.map((map, level) => {
    const [images, height, width, channels = 1] = map.shape;
    if (map.rank !== 3 && map.rank !== 4) throw new RangeError(`level ${level} is [${map.shape.join(", ")}]; allowed: [B, H, W] and [B, H, W, C]`);
    requireIndex("image", image, images);
    requireIndex("channel", channel, channels);
    const data = map.dataSync<"float32">();
    const start = image * height * width;
    return { stride: strides[level], height, width, values: Float32Array.from({ length: height * width }, (_, cell) => data[(start + cell) * channels + channel]) };
  });
}

/**
 * The same of a list of numbers for all levels' cells, the finest level's first, row by row, one number per cell: of one image.
 * @param sizes of the levels, in cells
 * @throws RangeError for another number of values than of cells
 */
export function cellsOfLevels(values: ArrayLike<number>, sizes: readonly Pick<LevelMap, "height" | "width">[], strides: readonly number[]): LevelMap[] {
  requireStrides(sizes.length, strides);
  const total = sizes.reduce((sum, { height, width }) => sum + height * width, 0);
  if (values.length !== total) throw new RangeError(`${values.length} values are given for the ${total} cells of ${sizes.length} levels; one per cell is needed`);
  let start = 0;
  return sizes.map(({ height, width }, level) => {
    const first = start;
    start += height * width;
    return { stride: strides[level], height, width, values: Float32Array.from({ length: height * width }, (_, cell) => values[first + cell]) };
  });
}

/**
 * The same of a few cells: each listed one has its value, the largest where it is listed more than once, all others 0.
 * @param rows positions among all levels' cells
 */
export function listedCells(rows: ArrayLike<number>, values: ArrayLike<number>, sizes: readonly Pick<LevelMap, "height" | "width">[], strides: readonly number[]): LevelMap[] {
  const all = new Float32Array(sizes.reduce((sum, { height, width }) => sum + height * width, 0));
  Array.from(rows).forEach((row, i) => {
    if (!(row >= 0 && row < all.length)) throw new RangeError(`cell ${row} is listed; there are 0 … ${all.length - 1}`);
    all[row] = Math.max(all[row], values[i]);
  });
  return cellsOfLevels(all, sizes, strides);
}

function requireStrides(levels: number, strides: readonly number[]): void {
  if (levels > strides.length) throw new RangeError(`${levels} levels are given, but strides of ${strides.length}; each level needs its own`);
}

function requireIndex(what: string, index: number, count: number): void {
  if (!(Number.isInteger(index) && index >= 0 && index < count)) throw new RangeError(`${what} ${index} is asked for; there are 0 … ${count - 1}`);
}
