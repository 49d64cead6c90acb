import * as tf from "@tensorflow/tfjs-core";
import { attribute, hasRawOps } from "../backend/ops.ts";
import { differentiable } from "./differentiable.ts";
import { float, raw, runFloat, withInts, type Attributes } from "./raw.ts";
import { stopGradient } from "./stop-gradient.ts";

/** max(x, 0), its gradient through TensorFlow's ReluGrad (one operation instead of TF.js's three). */
export function relu<T extends tf.Tensor>(x: T): T {
  if (!hasRawOps()) return tf.relu(x);
  return differentiable<T>({
    inputs: { x },
    forward: (save) => {
      const y = runFloat("Relu", x);
      save([y]);
      return y as T;
    },
    backward: (dy, { saved: [y] }) => ({ x: () => runFloat("ReluGrad", dy, y) }),
  });
}

/** max(a + b, 0) of equal shapes: the end of a residual block as one node of the tape. */
export function addRelu<T extends tf.Tensor>(a: T, b: T): T {
  if (!hasRawOps()) return tf.relu(tf.add(a, b));
  return differentiable<T>({
    inputs: { a, b },
    forward: (save) => {
      const sum = runFloat("AddV2", a, b);
      const y = runFloat("Relu", sum);
      sum.dispose();
      save([y]);
      return y as T;
    },
    backward: (dy, { saved: [y], share }) => {
      const g = share(() => runFloat("ReluGrad", dy, y));
      return { a: () => stopGradient(g()), b: () => stopGradient(g()) };
    },
  });
}

const resizing: Attributes = { ...float, align_corners: attribute.bool(false), half_pixel_centers: attribute.bool(false) };

/**
 * fine + nearest-neighbour enlargement of coarse to fine's size (FPN's top-down step): source index = floor(i · in / out).
 * @param fine [B, H, W, C]
 * @param coarse [B, h, w, C] with h ≤ H, w ≤ W
 */
export function addUpsampled(fine: tf.Tensor4D, coarse: tf.Tensor4D): tf.Tensor4D {
  const size: [number, number] = [fine.shape[1], fine.shape[2]];
  if (!hasRawOps()) return tf.add(fine, tf.image.resizeNearestNeighbor(coarse, size));
  return differentiable<tf.Tensor4D>({
    inputs: { fine, coarse },
    forward: () => {
      const large = withInts(size, (vector) => raw("ResizeNearestNeighbor", resizing, [coarse, vector]));
      const y = runFloat("AddV2", fine, large);
      large.dispose();
      return y as tf.Tensor4D;
    },
    backward: (dy) => ({
      fine: () => stopGradient(dy),
      coarse: () => withInts(coarse.shape.slice(1, 3), (vector) => raw("ResizeNearestNeighborGrad", resizing, [dy, vector])),
    }),
  });
}

const slicing: Attributes = {
  ...float,
  Index: attribute.type("int32"),
  ...Object.fromEntries(["begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask"].map((mask) => [mask, attribute.int(0)])),
};

/**
 * Every stride-th row and column from the first on: FPN's P6 by a 1 × 1 max pool, and what a strided 1 × 1 convolution reads.
 * @param x [B, H, W, C] → [B, ⌈H / stride⌉, ⌈W / stride⌉, C]
 */
export function subsample(x: tf.Tensor4D, stride: number): tf.Tensor4D {
  if (!hasRawOps()) return tf.maxPool(x, 1, stride, "valid");
  const slice = (name: string, before: readonly tf.Tensor[], after: readonly tf.Tensor[]) =>
    withInts([0, 0, 0, 0], (begin) => withInts(x.shape, (end) => withInts([1, stride, stride, 1], (strides) =>
      raw(name, slicing, [...before, begin, end, strides, ...after]))));
  return differentiable<tf.Tensor4D>({
    inputs: { x },
    forward: () => slice("StridedSlice", [x], []) as tf.Tensor4D,
    backward: (dy) => ({ x: () => withInts(x.shape, (shape) => slice("StridedSliceGrad", [shape], [dy])) }),
  });
}
