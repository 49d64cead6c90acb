import * as tf from "@tensorflow/tfjs-core";
import { differentiable } from "../../tensor/differentiable.ts";

/**
 * Sum of weight · |d| (β = 0), or of weight · (d² / 2β for |d| < β, |d| − β/2 beyond) with d = prediction − target
 * (Girshick 2015, eq. 3), as one node of the tape.
 * @param prediction [n, 4]
 * @param target [n, 4]
 * @param weights [n, 1]
 */
export function smoothL1(prediction: tf.Tensor2D, target: tf.Tensor2D, { weights, beta }: { readonly weights: tf.Tensor2D; readonly beta: number }): tf.Scalar {
  return differentiable<tf.Scalar>({
    inputs: { prediction },
    forward: (save) => {
      const d = tf.sub(prediction, target);
      save([d, weights]);
      const size = tf.abs(d);
      if (beta === 0) return tf.sum(tf.mul(size, weights));
      const cut = tf.minimum(size, beta);
      return tf.sum(tf.mul(tf.add(tf.mul(tf.square(cut), 0.5 / beta), tf.sub(size, cut)), weights));
    },
    backward: (dy, { saved }) => ({
      prediction: () => {
        const [d, rowWeights] = saved as [tf.Tensor2D, tf.Tensor2D];
        const slope = beta === 0 ? tf.sign(d) : tf.clipByValue(tf.mul(d, 1 / beta), -1, 1);
        return tf.mul(slope, tf.mul(rowWeights, dy));
      },
    }),
  });
}

/**
 * Elementwise 1 − GIoU (Rezatofighi et al. 2019, algorithm 2) of aligned boxes [n, 4] xyxy: [n].
 * @param epsilon lower bound (mmdet, `bound`) of or summand (torchvision, `add`) to the two denominators; default `bound` 1e-7
 */
export function giouLoss(prediction: tf.Tensor2D, target: tf.Tensor2D, epsilon: { readonly kind: "bound" | "add"; readonly value: number } = { kind: "bound", value: 1e-7 }): tf.Tensor1D {
  const guard = (t: tf.Tensor) => (epsilon.kind === "add" ? tf.add(t, epsilon.value) : tf.maximum(t, epsilon.value));
  const [ax1, ay1, ax2, ay2] = tf.split(prediction, 4, 1) as Four;
  const [bx1, by1, bx2, by2] = tf.split(target, 4, 1) as Four;
  const extent = (low: tf.Tensor, high: tf.Tensor) => tf.relu(tf.sub(high, low));
  const intersection = tf.mul(extent(tf.maximum(ax1, bx1), tf.minimum(ax2, bx2)), extent(tf.maximum(ay1, by1), tf.minimum(ay2, by2)));
  const areas = tf.add(tf.mul(tf.sub(ax2, ax1), tf.sub(ay2, ay1)), tf.mul(tf.sub(bx2, bx1), tf.sub(by2, by1)));
  const union = tf.sub(areas, intersection);
  const hull = tf.mul(tf.sub(tf.maximum(ax2, bx2), tf.minimum(ax1, bx1)), tf.sub(tf.maximum(ay2, by2), tf.minimum(ay1, by1)));
  const [safeUnion, safeHull] = [guard(union), guard(hull)];
  const iou = tf.div(intersection, safeUnion);
  return tf.reshape(tf.sub(1, tf.sub(iou, tf.div(tf.sub(safeHull, safeUnion), safeHull))), [-1]);
}

type Four = [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D, tf.Tensor2D];
