import * as tf from "@tensorflow/tfjs-core";
import type { Boxes } from "../../tensor/boxes.ts";

export interface DeltaCoder {
  /** Factors of dx, dy, dw, dh (Fast R-CNN's weights; 1 / σ in mmdet's terms). */
  readonly weights: readonly [number, number, number, number];
  /** Where the log of the size ratio is cut when decoding: above only at log(1000/16), or on both sides (mmdet). */
  readonly clamp: "above" | "both";
  /** Limits the shift of the centre to ± this many pixels, and sizes from above only (mmdet's `ctr_clamp`; YOLOF). */
  readonly centreClamp?: number;
}

const limit = Math.log(1000 / 16);

/**
 * Fast R-CNN's regression targets (Girshick 2014, appendix C), aligned pairs:
 * dx = wx·(gx − ax) / aw, dw = ww·log(gw / aw), and the same vertically.
 * @returns [n, 4]
 */
export function encodeDeltas(anchors: Boxes, boxes: Boxes, { weights }: DeltaCoder): Float32Array {
  const out = new Float32Array(anchors.length);
  for (let i = 0; i < anchors.length; i += 4) {
    const [aw, ah] = [anchors[i + 2]! - anchors[i]!, anchors[i + 3]! - anchors[i + 1]!];
    const [bw, bh] = [boxes[i + 2]! - boxes[i]!, boxes[i + 3]! - boxes[i + 1]!];
    out[i] = (weights[0] * (boxes[i]! + bw / 2 - anchors[i]! - aw / 2)) / aw;
    out[i + 1] = (weights[1] * (boxes[i + 1]! + bh / 2 - anchors[i + 1]! - ah / 2)) / ah;
    out[i + 2] = weights[2] * Math.log(bw / aw);
    out[i + 3] = weights[3] * Math.log(bh / ah);
  }
  return out;
}

/** The inverse of `encodeDeltas`, with the coder's clamps: [n, 4] xyxy. */
export function decodeDeltas(anchors: Boxes, deltas: Boxes, coder: DeltaCoder): Float32Array {
  const { weights, clamp, centreClamp } = coder;
  const shift = (v: number) => (centreClamp === undefined ? v : Math.min(Math.max(v, -centreClamp), centreClamp));
  const low = clamp === "both" && centreClamp === undefined ? -limit : -Infinity;
  const out = new Float32Array(anchors.length);
  for (let i = 0; i < anchors.length; i += 4) {
    const [aw, ah] = [anchors[i + 2]! - anchors[i]!, anchors[i + 3]! - anchors[i + 1]!];
    const x = anchors[i]! + aw / 2 + shift((deltas[i]! / weights[0]) * aw);
    const y = anchors[i + 1]! + ah / 2 + shift((deltas[i + 1]! / weights[1]) * ah);
    const w = aw * Math.exp(Math.min(Math.max(deltas[i + 2]! / weights[2], low), limit));
    const h = ah * Math.exp(Math.min(Math.max(deltas[i + 3]! / weights[3], low), limit));
    out.set([x - w / 2, y - h / 2, x + w / 2, y + h / 2], i);
  }
  return out;
}

/** `decodeDeltas` on the gradient tape: anchors and deltas [n, 4] → boxes [n, 4]. */
export function decodeDeltasTensor(anchors: tf.Tensor2D, deltas: tf.Tensor2D, { weights, clamp }: DeltaCoder): tf.Tensor2D {
  const [corner, far] = [tf.slice(anchors, [0, 0], [-1, 2]), tf.slice(anchors, [0, 2], [-1, 2])];
  const size = tf.sub(far, corner);
  const centre = tf.add(corner, tf.mul(size, 0.5));
  const scaled = tf.div(deltas, tf.tensor1d(weights as unknown as number[]));
  const middle = tf.add(centre, tf.mul(tf.slice(scaled, [0, 0], [-1, 2]), size));
  const ratio = tf.clipByValue(tf.slice(scaled, [0, 2], [-1, 2]), clamp === "both" ? -limit : -Infinity, limit);
  const half = tf.mul(tf.mul(tf.exp(ratio), size), 0.5);
  return tf.concat([tf.sub(middle, half), tf.add(middle, half)], 1);
}
