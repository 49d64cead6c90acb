import * as tf from "@tensorflow/tfjs-core";
import { differentiable } from "./differentiable.ts";

/** Height and width of a map. */
export type MapSize = readonly [number, number];

/**
 * Average over bins that divide a map of any size as evenly as whole cells allow: bin i of n reads the cells from
 * ⌊i · size / n⌋ to ⌈(i + 1) · size / n⌉, so neighbours may share a cell (PyTorch's `adaptive_avg_pool2d`).
 *
 * y = R·x·Cᵀ with one averaging matrix for rows and one for columns, as one node of the tape that keeps nothing; dx = Rᵀ·dy·C.
 * @param x [B, H, W, C]
 * @returns [B, height, width, C]
 * @throws Error when a size is no whole number from 1
 */
export function adaptiveAveragePool(x: tf.Tensor4D, size: MapSize): tf.Tensor4D {
  const [height, width] = checked(size);
  if (height === 1 && width === 1) return tf.mean(x, [1, 2], true);
  const [, h, w] = x.shape;
  return differentiable<tf.Tensor4D>({
    inputs: { x },
    forward: () => tf.tidy(() => mixed(x, averages(h, height), averages(w, width))),
    backward: (dy) => ({ x: () => mixed(dy, tf.transpose(averages(h, height)), tf.transpose(averages(w, width))) }),
  });
}

/**
 * Maximum over the bins of `adaptiveAveragePool` (PyTorch's `adaptive_max_pool2d`); among equal cells one gets the gradient.
 * @param x [B, H, W, C]
 * @returns [B, height, width, C]
 * @throws Error when a size is no whole number from 1
 */
export function adaptiveMaxPool(x: tf.Tensor4D, size: MapSize): tf.Tensor4D {
  const [height, width] = checked(size);
  const [b, h, w, c] = x.shape;
  const rows = binMaximum(tf.reshape(x, [b, h, w * c]), height);
  return tf.reshape(binMaximum(tf.reshape(rows, [b * height, w, c]), width), [b, height, width, c]);
}

function checked(size: MapSize): MapSize {
  if (!size.every((length) => Number.isInteger(length) && length > 0)) throw new Error(`adaptive pooling to ${size[0]} × ${size[1]}: both must be whole numbers from 1`);
  return size;
}

/** rows [i, H], columns [j, W], x [B, H, W, C] → [B, i, j, C] */
function mixed(x: tf.Tensor4D, rows: tf.Tensor2D, columns: tf.Tensor2D): tf.Tensor4D {
  const [b, h, w, c] = x.shape;
  const [i, j] = [rows.shape[0], columns.shape[0]];
  const tall = product(rows, tf.reshape(x, [b, h, w * c]));
  return tf.reshape(product(columns, tf.reshape(tall, [b * i, w, c])), [b, i, j, c]);
}

/** matrix [i, j] · x [n, j, k] → [n, i, k] */
function product(matrix: tf.Tensor2D, x: tf.Tensor3D): tf.Tensor3D {
  return tf.matMul(tf.expandDims(matrix, 0), x);
}

/** First cell and cell after the last of each bin. */
function binsOf(cells: number, bins: number): MapSize[] {
  return Array.from({ length: bins }, (_, i) => [Math.floor((i * cells) / bins), Math.ceil(((i + 1) * cells) / bins)] as const);
}

/** [bins, cells]: row i averages what bin i reads. */
function averages(cells: number, bins: number): tf.Tensor2D {
  const matrix = new Float32Array(bins * cells);
  binsOf(cells, bins).forEach(([from, to], i) => matrix.fill(1 / (to - from), i * cells + from, i * cells + to));
  return tf.tensor2d(matrix, [bins, cells]);
}

/** The maximum of each bin along the middle axis: [n, cells, k] → [n, bins, k]. */
function binMaximum(x: tf.Tensor3D, bins: number): tf.Tensor3D {
  const [n, cells, k] = x.shape;
  if (cells === bins) return x;
  const ranges = binsOf(cells, bins);
  const longest = Math.max(...ranges.map(([from, to]) => to - from));
  // Short bins repeat their last cell, which changes no maximum.
  const read = ranges.flatMap(([from, to]) => Array.from({ length: longest }, (_, i) => Math.min(from + i, to - 1)));
  const members = (index: tf.Tensor1D) => tf.reshape(tf.gather(x, index, 1), [n, bins, longest, k]);
  return differentiable<tf.Tensor3D>({
    inputs: { x },
    forward: (save) => {
      const bin = members(tf.tensor1d(read, "int32"));
      save([tf.argMax(bin, 2)]);
      return tf.max<tf.Tensor3D>(bin, 2);
    },
    backward: (dy, { saved: [at] }) => ({
      x: () => {
        const chosen = tf.equal(tf.expandDims(at, 2), tf.reshape(tf.range(0, longest, 1, "int32"), [1, 1, longest, 1]));
        const spread = tf.mul(tf.cast(chosen, "float32"), tf.expandDims(dy, 2));
        const selection = tf.oneHot(tf.tensor1d(read, "int32"), cells) as tf.Tensor2D;
        return product(tf.transpose(tf.cast<tf.Tensor2D>(selection, "float32")), tf.reshape(spread, [n, bins * longest, k]));
      },
    }),
  });
}
