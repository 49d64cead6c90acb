import * as tf from "@tensorflow/tfjs-core";

export interface ResizeOptions {
  /** Height and width of the result. */
  readonly size: readonly [number, number];
  /**
   * PyTorch's modes: `bilinear` at half-pixel centres, `bilinear-corners` with aligned corners, `nearest` = ⌊i · in / out⌋,
   * `nearest-exact` = ⌊(i + ½) · in / out⌋.
   */
  readonly mode: "bilinear" | "bilinear-corners" | "nearest" | "nearest-exact";
  /** Input pixels per output pixel. Default in / out of each axis. */
  readonly ratio?: number;
}

/**
 * Resizes as two matrix products, rows and then columns, so that values and gradients are exact on every backend.
 * No antialiasing.
 * @param x [B, H, W, C]
 */
export function resize(x: tf.Tensor4D, { size: [height, width], mode, ratio }: ResizeOptions): tf.Tensor4D {
  const [b, h, w, c] = x.shape;
  const rows = weights(h, height, mode, ratio);
  const columns = weights(w, width, mode, ratio);
  const tall = tf.matMul(rows, tf.reshape(x, [b, h, w * c]));
  return tf.reshape(tf.matMul(columns, tf.reshape(tall, [b * height, w, c])), [b, height, width, c]);
}

/** [1, out, in]: row i holds the weights of output i. */
function weights(length: number, out: number, mode: ResizeOptions["mode"], ratio = length / out): tf.Tensor3D {
  const matrix = new Float32Array(out * length);
  for (let i = 0; i < out; i++) {
    const at = position(i, mode, mode === "bilinear-corners" ? (length - 1) / Math.max(out - 1, 1) : ratio);
    const low = Math.min(Math.floor(at), length - 1);
    const part = mode.startsWith("nearest") ? 0 : at - low;
    matrix[i * length + low] += 1 - part;
    if (part > 0) matrix[i * length + Math.min(low + 1, length - 1)] += part;
  }
  return tf.tensor3d(matrix, [1, out, length]);
}

function position(i: number, mode: ResizeOptions["mode"], ratio: number): number {
  if (mode === "bilinear") return Math.max((i + 0.5) * ratio - 0.5, 0);
  return mode === "nearest-exact" ? (i + 0.5) * ratio : i * ratio;
}
