import * as tf from "@tensorflow/tfjs-core";

/**
 * Average over bins that divide a map of any size as evenly as whole cells allow: bin i of n reads the cells from
 * ⌊i · size / n⌋ to ⌈(i + 1) · size / n⌉, so neighbours may share a cell (PyTorch's `adaptive_avg_pool2d`).
 * @param x [B, H, W, C]
 * @returns [B, height, width, C]
 * @throws Error when a size is no whole number from 1
 */
export function adaptiveAveragePool(x: tf.Tensor4D, [height, width]: readonly [number, number]): tf.Tensor4D {
  if (![height, width].every((size) => Number.isInteger(size) && size > 0)) throw new Error(`adaptive pooling to ${height} × ${width}: both must be whole numbers from 1`);
  if (height === 1 && width === 1) return tf.mean(x, [1, 2], true);
  const [b, h, w, c] = x.shape;
  return tf.tidy(() => {
    const rows = product(averages(h, height), tf.reshape(x, [b, h, w * c]));
    const columns = product(averages(w, width), tf.reshape(rows, [b * height, w, c]));
    return tf.reshape(columns, [b, height, width, c]);
  });
}

/** matrix [i, j] · x [n, j, k] → [n, i, k] */
function product(matrix: tf.Tensor2D, x: tf.Tensor3D): tf.Tensor3D {
  const [n, j, k] = x.shape;
  const turned = tf.matMul(matrix, tf.reshape(tf.transpose(x, [1, 0, 2]), [j, n * k]));
  return tf.transpose(tf.reshape(turned, [matrix.shape[0], n, k]), [1, 0, 2]);
}

/** [bins, cells]: row i averages what bin i reads. */
function averages(cells: number, bins: number): tf.Tensor2D {
  const matrix = new Float32Array(bins * cells);
  for (let i = 0; i < bins; i++) {
    const [from, to] = [Math.floor((i * cells) / bins), Math.ceil(((i + 1) * cells) / bins)];
    matrix.fill(1 / (to - from), i * cells + from, i * cells + to);
  }
  return tf.tensor2d(matrix, [bins, cells]);
}
