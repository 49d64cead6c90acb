import * as tf from "@tensorflow/tfjs-core";
import { adaptiveAveragePool, adaptiveMaxPool, type MapSize } from "../tensor/adaptive-pool.ts";
import { resize } from "../tensor/resize.ts";

/** How two maps of different sizes are made comparable without parameters. */
export interface AlignOptions {
  /** How the larger map shrinks: `average` (default) and `max` over bins that divide it evenly, or `nearest` cells. */
  readonly pool?: "average" | "max" | "nearest";
  /** Which channels stay where the numbers differ: the `first` (default), the `last`, or `none`: they must be equal. */
  readonly crop?: "first" | "last" | "none";
  /**
   * What the larger map shrinks to: the smaller `map`'s height and width (default), or the `square` of its height, as Tf-FD's
   * published code has it, which fits square maps alone.
   */
  readonly target?: "map" | "square";
}

const pools = {
  average: adaptiveAveragePool,
  max: adaptiveMaxPool,
  nearest: (x: tf.Tensor4D, size: MapSize) => resize(x, { size, mode: "nearest" }),
};

/**
 * Two maps [B, H, W, C] in the smaller height, width and number of channels of both: pooling and cropping alone, no parameters.
 * Equal maps come back unchanged.
 * @throws Error when `crop` or `target` does not allow it
 */
export function align(a: tf.Tensor4D, b: tf.Tensor4D, options: AlignOptions = {}): readonly [tf.Tensor4D, tf.Tensor4D] {
  const [first, second] = options.target === "square" ? squarePooled(a, b, options) : [pooled(a, b, options), pooled(b, a, options)];
  const channels = Math.min(a.shape[3], b.shape[3]);
  return [cropped(first, channels, options), cropped(second, channels, options)];
}

/** x no larger than other along either axis. */
function pooled(x: tf.Tensor4D, other: tf.Tensor4D, { pool = "average" }: AlignOptions): tf.Tensor4D {
  return pooledTo(x, [Math.min(x.shape[1], other.shape[1]), Math.min(x.shape[2], other.shape[2])], pool);
}

function pooledTo(x: tf.Tensor4D, size: MapSize, pool: keyof typeof pools): tf.Tensor4D {
  return x.shape[1] === size[0] && x.shape[2] === size[1] ? x : pools[pool](x, size);
}

/** Tf-FD's published pooling: the higher map becomes (h, h) of the other's height h. */
function squarePooled(a: tf.Tensor4D, b: tf.Tensor4D, { pool = "average" }: AlignOptions): readonly [tf.Tensor4D, tf.Tensor4D] {
  const height = Math.min(a.shape[1], b.shape[1]);
  const shrink = (x: tf.Tensor4D) => (x.shape[1] > height ? pooledTo(x, [height, height], pool) : x);
  const [first, second] = [shrink(a), shrink(b)];
  if (first.shape[2] !== second.shape[2]) {
    throw new Error(`square pooling of maps of ${size(a)} and ${size(b)} cells gives ${size(first)} and ${size(second)}: it fits square maps alone. Set target: "map"`);
  }
  return [first, second];
}

const size = ({ shape }: tf.Tensor4D) => `${shape[1]} × ${shape[2]}`;

function cropped(x: tf.Tensor4D, channels: number, { crop = "first" }: AlignOptions): tf.Tensor4D {
  const [b, h, w, c] = x.shape;
  if (c === channels) return x;
  if (crop === "none") throw new Error(`maps of ${channels} and ${c} channels with crop: "none", which needs equal numbers; crop: "first" or "last" compares ${channels} of them`);
  return tf.slice4d(x, [0, 0, 0, crop === "first" ? 0 : c - channels], [b, h, w, channels]);
}
