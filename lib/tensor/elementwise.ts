import * as tf from "@tensorflow/tfjs-core";
import { differentiable } from "./differentiable.ts";
import { floatType, int32Type, nativeBackend, rawFloat, withInts } from "./raw.ts";
import { stopGradient } from "./stop-gradient.ts";

/** max(x, 0), its gradient through TensorFlow's ReluGrad (one operation instead of TF.js's three). */
export function relu<T extends tf.Tensor>(x: T): T {
  const native = nativeBackend();
  if (native === undefined) return tf.relu(x);
  return differentiable<T>({
    inputs: { x },
    forward: (save) => {
      const y = rawFloat(native, "Relu", x);
      save([y]);
      return y as T;
    },
    backward: (dy, { saved }) => ({ x: () => rawFloat(native, "ReluGrad", dy, saved[0]) }),
  });
}

/** max(a + b, 0) of equal shapes: the end of a residual block as one node of the tape. */
export function addRelu<T extends tf.Tensor>(a: T, b: T): T {
  const native = nativeBackend();
  if (native === undefined) return tf.relu(tf.add(a, b));
  return differentiable<T>({
    inputs: { a, b },
    forward: (save) => {
      const sum = rawFloat(native, "AddV2", a, b);
      const y = rawFloat(native, "Relu", sum);
      sum.dispose();
      save([y]);
      return y as T;
    },
    backward: (dy, { saved, share }) => {
      const g = share(() => rawFloat(native, "ReluGrad", dy, saved[0]));
      return { a: () => stopGradient(g()), b: () => stopGradient(g()) };
    },
  });
}

/**
 * fine + nearest-neighbour enlargement of coarse to fine's size (FPN's top-down step): source index = floor(i · in / out).
 * @param fine [B, H, W, C]
 * @param coarse [B, h, w, C] with h ≤ H, w ≤ W
 */
export function addUpsampled(fine: tf.Tensor4D, coarse: tf.Tensor4D): tf.Tensor4D {
  const native = nativeBackend();
  const size: [number, number] = [fine.shape[1], fine.shape[2]];
  if (native === undefined) return tf.add(fine, tf.image.resizeNearestNeighbor(coarse, size));
  const flags = ["align_corners", "half_pixel_centers"].map((name) => ({ name, type: native.binding.TF_ATTR_BOOL, value: false }));
  const attributes = [floatType(native), ...flags];
  return differentiable<tf.Tensor4D>({
    inputs: { fine, coarse },
    forward: () => {
      const large = withInts(size, (vector) => native.executeSingleOutput("ResizeNearestNeighbor", attributes, [coarse, vector]));
      const y = rawFloat(native, "AddV2", fine, large);
      large.dispose();
      return y as tf.Tensor4D;
    },
    backward: (dy) => ({
      fine: () => stopGradient(dy),
      coarse: () => withInts(coarse.shape.slice(1, 3), (vector) => native.executeSingleOutput("ResizeNearestNeighborGrad", attributes, [dy, vector])),
    }),
  });
}

/**
 * Every stride-th row and column from the first on: FPN's P6 by a 1 × 1 max pool, and what a strided 1 × 1 convolution reads.
 * @param x [B, H, W, C] → [B, ⌈H / stride⌉, ⌈W / stride⌉, C]
 */
export function subsample(x: tf.Tensor4D, stride: number): tf.Tensor4D {
  const native = nativeBackend();
  if (native === undefined) return tf.maxPool(x, 1, stride, "valid");
  const masks = { begin_mask: 0, end_mask: 0, ellipsis_mask: 0, new_axis_mask: 0, shrink_axis_mask: 0 };
  const attributes = [floatType(native), int32Type(native, "Index"), ...Object.entries(masks).map(([name, value]) => ({ name, type: native.binding.TF_ATTR_INT, value }))];
  const slice = (name: string, before: readonly tf.Tensor[], after: readonly tf.Tensor[]) =>
    withInts([0, 0, 0, 0], (begin) => withInts(x.shape, (end) => withInts([1, stride, stride, 1], (strides) =>
      native.executeSingleOutput(name, attributes, [...before, begin, end, strides, ...after]))));
  return differentiable<tf.Tensor4D>({
    inputs: { x },
    forward: () => slice("StridedSlice", [x], []) as tf.Tensor4D,
    backward: (dy) => ({ x: () => withInts(x.shape, (shape) => slice("StridedSliceGrad", [shape], [dy])) }),
  });
}
