import * as tf from "@tensorflow/tfjs-core";
import { attribute, hasRawOps } from "../backend/ops.ts";
import { differentiable } from "./differentiable.ts";
import { float, raw, type Attributes } from "./raw.ts";

export interface PoolOptions {
  readonly size: number;
  readonly stride: number;
  /** Cells of −∞ on each side. Default 0. */
  readonly padding?: number;
}

/**
 * Maximum over size × size windows with PyTorch's symmetric padding by −∞; ties send their gradient to the first cell.
 * @param x [B, H, W, C]
 */
export function maxPool(x: tf.Tensor4D, options: PoolOptions): tf.Tensor4D {
  if (!hasRawOps()) return portablePool(x, options);
  const attributes = geometry(options);
  return differentiable<tf.Tensor4D>({
    inputs: { x },
    forward: (save) => {
      const y = raw("MaxPool", attributes, [x]) as tf.Tensor4D;
      save([x, y]);
      return y;
    },
    backward: (dy, { saved }) => ({ x: () => raw("MaxPoolGrad", attributes, [saved[0], saved[1], dy]) }),
  });
}

function portablePool(x: tf.Tensor4D, { size, stride, padding: p = 0 }: PoolOptions): tf.Tensor4D {
  const padded: tf.Tensor4D = p === 0 ? x : tf.pad(x, [[0, 0], [p, p], [p, p], [0, 0]], -3.4e38);
  return tf.maxPool(padded, size, stride, "valid");
}

function geometry({ size, stride, padding: p = 0 }: PoolOptions): Attributes {
  return {
    ...float,
    ksize: attribute.ints([1, size, size, 1]),
    strides: attribute.ints([1, stride, stride, 1]),
    padding: attribute.string(p === 0 ? "VALID" : "EXPLICIT"),
    explicit_paddings: attribute.ints(p === 0 ? [] : [0, 0, p, p, p, p, 0, 0]),
    data_format: attribute.string("NHWC"),
  };
}
