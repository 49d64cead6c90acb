import * as tf from "@tensorflow/tfjs-core";
import { differentiable } from "../../tensor/differentiable.ts";
import { stopGradient } from "../../tensor/stop-gradient.ts";

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
    backward: (dy, { saved: [d, rowWeights] }) => ({
      prediction: () => tf.mul(beta === 0 ? tf.sign(d) : tf.clipByValue(tf.mul(d, 1 / beta), -1, 1), tf.mul(rowWeights, dy)),
    }),
  });
}

export interface IouLossOptions {
  /**
   * 1 − IoU (`linear`), −log IoU (`log`, Yu et al. 2016), 1 − GIoU (Rezatofighi et al. 2019, algorithm 2), 1 − DIoU and
   * 1 − CIoU (Zheng et al. 2020, eq. 7 and 10; CIoU's trade-off α carries no gradient).
   */
  readonly kind: "linear" | "log" | "giou" | "diou" | "ciou";
  /** How a denominator is kept from 0: at least ε (mmdet) or plus ε (torchvision). Default `bound`. */
  readonly guard?: "bound" | "add";
  /** Default 1e-7; `linear` and `log` bound the IoU itself from below by it (mmdet: 1e-6). */
  readonly epsilon?: number;
}

/** Elementwise overlap losses of aligned boxes [n, 4] xyxy: [n]. */
export function iouLoss(prediction: tf.Tensor2D, target: tf.Tensor2D, { kind, guard = "bound", epsilon = 1e-7 }: IouLossOptions): tf.Tensor1D {
  const safe = (t: tf.Tensor) => (guard === "add" ? tf.add(t, epsilon) : tf.maximum(t, epsilon));
  const a = tf.split(prediction, 4, 1) as Columns;
  const b = tf.split(target, 4, 1) as Columns;
  const { intersection, union } = overlap(a, b);
  const bounded = kind === "linear" || kind === "log";
  const denominator = bounded ? tf.maximum(union, 1e-6) : kind === "giou" ? safe(union) : tf.add(union, epsilon);
  const iou = tf.div(intersection, denominator);
  if (bounded) {
    const floor = tf.maximum(iou, epsilon);
    return flat(kind === "log" ? tf.neg(tf.log(floor)) : tf.sub(1, floor));
  }
  if (kind === "giou") {
    const hull = safe(hullArea(a, b));
    return flat(tf.sub(1, tf.sub(iou, tf.div(tf.sub(hull, denominator), hull))));
  }
  const distance = tf.div(squaredCentreDistance(a, b), tf.add(squaredDiagonal(a, b), epsilon));
  const penalty = kind === "diou" ? distance : tf.add(distance, aspectPenalty(a, b, iou, epsilon));
  return flat(tf.sub(1, tf.sub(iou, penalty)));
}

/** min(a, b) of equal shapes; where they tie the gradient goes half to each (PyTorch's convention). */
function least(a: tf.Tensor, b: tf.Tensor): tf.Tensor {
  return extreme(a, b, tf.minimum, tf.less);
}

function greatest(a: tf.Tensor, b: tf.Tensor): tf.Tensor {
  return extreme(a, b, tf.maximum, tf.greater);
}

function extreme(a: tf.Tensor, b: tf.Tensor, choose: typeof tf.minimum, wins: typeof tf.less): tf.Tensor {
  return differentiable<tf.Tensor>({
    inputs: { a, b },
    forward: (save) => {
      save([a, b]);
      return choose(a, b);
    },
    backward: (dy, { saved: [x, y] }) => {
      const half = (first: tf.Tensor, second: tf.Tensor) => tf.add(tf.cast(wins(first, second), "float32"), tf.mul(tf.cast(tf.equal(first, second), "float32"), 0.5));
      return { a: () => tf.mul(dy, half(x, y)), b: () => tf.mul(dy, half(y, x)) };
    },
  });
}

type Columns = [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];

function flat(x: tf.Tensor): tf.Tensor1D {
  return tf.reshape(x, [-1]);
}

function overlap(a: Columns, b: Columns): { intersection: tf.Tensor; union: tf.Tensor } {
  // A clamp, not a ReLU: boxes that just touch still get the gradient that pulls them together.
  const extent = (axis: 0 | 1) => tf.clipByValue(tf.sub(least(a[axis + 2], b[axis + 2]), greatest(a[axis], b[axis])), 0, Infinity);
  const area = (box: Columns) => tf.mul(tf.sub(box[2], box[0]), tf.sub(box[3], box[1]));
  const intersection = tf.mul(extent(0), extent(1));
  return { intersection, union: tf.sub(tf.add(area(a), area(b)), intersection) };
}

/** Side of the smallest box around both. */
function hullSide(a: Columns, b: Columns, axis: 0 | 1): tf.Tensor {
  return tf.sub(greatest(a[axis + 2], b[axis + 2]), least(a[axis], b[axis]));
}

function hullArea(a: Columns, b: Columns): tf.Tensor {
  return tf.mul(hullSide(a, b, 0), hullSide(a, b, 1));
}

function squaredDiagonal(a: Columns, b: Columns): tf.Tensor {
  return tf.add(tf.square(hullSide(a, b, 0)), tf.square(hullSide(a, b, 1)));
}

function squaredCentreDistance(a: Columns, b: Columns): tf.Tensor {
  const apart = (axis: 0 | 1) => tf.square(tf.sub(tf.add(b[axis], b[axis + 2]), tf.add(a[axis], a[axis + 2])));
  return tf.mul(tf.add(apart(0), apart(1)), 0.25);
}

/** α·v with v = 4/π² · (arctan(w_b / h_b) − arctan(w_a / h_a))² and α = v / (1 − IoU + v) where IoU > ½, else 0. */
function aspectPenalty(a: Columns, b: Columns, iou: tf.Tensor, epsilon: number): tf.Tensor {
  const angle = (box: Columns) => tf.atan(tf.div(tf.sub(box[2], box[0]), tf.add(tf.sub(box[3], box[1]), epsilon)));
  const v = tf.mul(tf.square(tf.sub(angle(b), angle(a))), 4 / Math.PI ** 2);
  const alpha = stopGradient(tf.mul(tf.cast(tf.greater(iou, 0.5), "float32"), tf.divNoNan(v, tf.add(tf.sub(1, iou), v))));
  return tf.mul(alpha, v);
}
