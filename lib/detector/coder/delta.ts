import * as tf from "@tensorflow/tfjs-core";
import type { Boxes } from "../../tensor/boxes.ts";

export interface DeltaCoder {
  /** Factors of dx, dy, dw, dh (Fast R-CNN's weights; 1 / σ in mmdet's terms). */
  readonly weights: readonly [number, number, number, number];
  /** Where the log of the size ratio is cut when decoding: above only at log(1000/16), or on both sides (mmdet). */
  readonly clamp: "above" | "both";
  /** Limits the shift of the centre to ± this many pixels, and sizes from above only (mmdet's `ctr_clamp`; YOLOF). */
  readonly centreClamp?: number;
  /** What is computed in single precision throughout: nothing (default), encoding (mmdet, whatever the boxes' type) or both. */
  readonly single?: "encode" | "both";
}

const limit = Math.log(1000 / 16);

/**
 * Fast R-CNN's regression targets (Girshick 2014, appendix C), aligned pairs:
 * dx = wx·(gx − ax) / aw, dw = ww·log(gw / aw), and the same vertically.
 * @returns [n, 4]
 */
export function encodeDeltas(anchors: Boxes, boxes: Boxes, { weights, single }: DeltaCoder): Float64Array {
  const r = single === undefined ? exact : Math.fround;
  const deviations = weights.map((weight) => r(1 / weight));
  const out = new Float64Array(anchors.length);
  for (let i = 0; i < anchors.length; i += 4) {
    for (const axis of [0, 1]) {
      const [a, b] = [i + axis, i + axis + 2];
      const anchor = r(anchors[b] - anchors[a]);
      const shift = r(r(r(boxes[a] + boxes[b]) * 0.5) - r(r(anchors[a] + anchors[b]) * 0.5));
      out[a] = r(r(shift / anchor) / deviations[axis]);
      out[b] = r(r(Math.log(r(r(boxes[b] - boxes[a]) / anchor))) / deviations[axis + 2]);
    }
  }
  return out;
}

function exact(v: number): number {
  return v;
}

/** Where the log of the size ratio is cut below. */
function leastRatio({ clamp, centreClamp = Infinity }: DeltaCoder): number {
  return clamp === "both" && centreClamp === Infinity ? -limit : -Infinity;
}

/** The inverse of `encodeDeltas`, with the coder's clamps: [n, 4] xyxy. */
export function decodeDeltas(anchors: Boxes, deltas: Boxes, coder: DeltaCoder): Float64Array {
  const { weights, centreClamp = Infinity, single } = coder;
  const r = single === "both" ? Math.fround : exact;
  const low = leastRatio(coder);
  const out = new Float64Array(anchors.length);
  for (let i = 0; i < anchors.length; i += 4) {
    for (const axis of [0, 1]) {
      const [a, b] = [i + axis, i + axis + 2];
      const anchor = r(anchors[b] - anchors[a]);
      const shift = r(r(deltas[a] / weights[axis]) * anchor);
      const centre = r(Math.min(Math.max(shift, -centreClamp), centreClamp) + r(anchors[a] + r(0.5 * anchor)));
      const half = r(0.5 * r(r(Math.exp(Math.min(Math.max(r(deltas[b] / weights[axis + 2]), low), r(limit)))) * anchor));
      out[a] = r(centre - half);
      out[b] = r(centre + half);
    }
  }
  return out;
}

/** `decodeDeltas` on the gradient tape: anchors and deltas [n, 4] → boxes [n, 4]. */
export function decodeDeltasTensor(anchors: tf.Tensor2D, deltas: tf.Tensor2D, coder: DeltaCoder): tf.Tensor2D {
  const { weights, centreClamp = Infinity } = coder;
  const [corner, far] = [tf.slice(anchors, [0, 0], [-1, 2]), tf.slice(anchors, [0, 2], [-1, 2])];
  const size = tf.sub(far, corner);
  const centre = tf.add(corner, tf.mul(size, 0.5));
  const scaled = tf.div(deltas, tf.tensor1d(weights as unknown as number[]));
  const shift = tf.mul(tf.slice(scaled, [0, 0], [-1, 2]), size);
  const middle = tf.add(centre, centreClamp === Infinity ? shift : tf.clipByValue(shift, -centreClamp, centreClamp));
  const ratio = tf.clipByValue(tf.slice(scaled, [0, 2], [-1, 2]), leastRatio(coder), limit);
  const half = tf.mul(tf.mul(tf.exp(ratio), size), 0.5);
  return tf.concat([tf.sub(middle, half), tf.add(middle, half)], 1);
}
