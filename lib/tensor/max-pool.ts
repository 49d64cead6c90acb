import * as tf from "@tensorflow/tfjs-core";
import { differentiable } from "./differentiable.ts";
import { floatType, nativeBackend, type NativeBackend, type RawAttribute } from "./raw.ts";

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
  const native = nativeBackend();
  if (native === undefined) return portablePool(x, options);
  const attributes = geometry(native, options);
  return differentiable<tf.Tensor4D>({
    inputs: { x },
    forward: (save) => {
      const y = native.executeSingleOutput("MaxPool", attributes, [x]) as tf.Tensor4D;
      save([x, y]);
      return y;
    },
    backward: (dy, { saved }) => ({ x: () => native.executeSingleOutput("MaxPoolGrad", attributes, [saved[0], saved[1], dy]) }),
  });
}

function portablePool(x: tf.Tensor4D, { size, stride, padding: p = 0 }: PoolOptions): tf.Tensor4D {
  const padded: tf.Tensor4D = p === 0 ? x : tf.pad(x, [[0, 0], [p, p], [p, p], [0, 0]], -3.4e38);
  return tf.maxPool(padded, size, stride, "valid");
}

function geometry(native: NativeBackend, { size, stride, padding: p = 0 }: PoolOptions): RawAttribute[] {
  const { TF_ATTR_INT, TF_ATTR_STRING } = native.binding;
  return [
    floatType(native),
    { name: "ksize", type: TF_ATTR_INT, value: [1, size, size, 1] },
    { name: "strides", type: TF_ATTR_INT, value: [1, stride, stride, 1] },
    { name: "padding", type: TF_ATTR_STRING, value: p === 0 ? "VALID" : "EXPLICIT" },
    { name: "explicit_paddings", type: TF_ATTR_INT, value: p === 0 ? [] : [0, 0, p, p, p, p, 0, 0] },
    { name: "data_format", type: TF_ATTR_STRING, value: "NHWC" },
  ];
}
