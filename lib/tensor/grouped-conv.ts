import * as tf from "@tensorflow/tfjs-core";
import { attribute } from "../backend/ops.ts";
import { float, raw, withInts, type Attributes } from "./raw.ts";

/** Rows or columns of zeros before and after that let a window move over the input without leaving anything unread. */
export interface ExactPadding {
  readonly before: number;
  readonly after: number;
}

/**
 * What a convolution pads along one axis, less what it never reads; undefined where input would have to be cut off.
 * PyTorch's symmetric padding of an even size with stride 2 never reads its last zeros.
 */
export function exactPadding(size: number, kernel: number, stride: number, padding: number): ExactPadding | undefined {
  const windows = Math.floor((size + 2 * padding - kernel) / stride) + 1;
  const after = (windows - 1) * stride + kernel - size - padding;
  return after < 0 ? undefined : { before: padding, after };
}

let native: boolean | undefined;

/**
 * Whether the native library has the gradients of grouped convolutions: oneDNN and cuDNN have, TensorFlow's own CPU
 * kernels refuse. Found by one convolution of a few numbers, once.
 */
export function hasGroupedGradients(): boolean {
  return (native ??= tf.tidy(tryGradients));
}

const attributes: Attributes = {
  ...float,
  strides: attribute.ints([1, 1, 1, 1]),
  padding: attribute.string("SAME"),
  explicit_paddings: attribute.ints([]),
  data_format: attribute.string("NHWC"),
  use_cudnn_on_gpu: attribute.bool(true),
  dilations: attribute.ints([1, 1, 1, 1]),
};

/** x = [2, 3], filter [3, 4] in two groups of one channel, dy = [1, 2]: dx = filter · dy = [3, 8], df = x · dy = [2, 6]. */
function tryGradients(): boolean {
  const [x, filter, dy] = [tf.tensor4d([2, 3], [1, 1, 1, 2]), tf.tensor4d([3, 4], [1, 1, 1, 2]), tf.tensor4d([1, 2], [1, 1, 1, 2])];
  try {
    const dx = withInts(x.shape, (shape) => raw("Conv2DBackpropInput", attributes, [shape, filter, dy]));
    const df = withInts(filter.shape, (shape) => raw("Conv2DBackpropFilter", attributes, [x, shape, dy]));
    return dx.dataSync().join() === "3,8" && df.dataSync().join() === "2,6";
  } catch {
    return false;
  }
}

/**
 * A grouped convolution as one convolution per group.
 * @param run the convolution of one group: x [B, H, W, I / groups], filter [kh, kw, I / groups, O / groups]
 */
export function splitConv(x: tf.Tensor4D, filter: tf.Tensor4D, groups: number, run: (x: tf.Tensor4D, filter: tf.Tensor4D) => tf.Tensor4D): tf.Tensor4D {
  const filters = tf.split(filter, groups, 3);
  return tf.concat(tf.split(x, groups, 3).map((part, g) => run(part as tf.Tensor4D, filters[g] as tf.Tensor4D)), 3);
}
