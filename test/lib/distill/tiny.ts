import * as tf from "@tensorflow/tfjs-core";
import type { Batch, Target } from "../../../lib/data/batch.ts";
import type { Detector, Prediction } from "../../../lib/detector/detector.ts";
import { random } from "../../../lib/tensor/random.ts";
import { normal } from "./finite-difference.ts";

export const size = { height: 32, width: 48 };
export const channels = 16;
export const classes = 3;
const strides = [8, 16];

/** Targets with the given numbers of objects, from a fixed stream. */
export function targetsOf(counts: readonly number[]): Target[] {
  return counts.map((count, image) => {
    const stream = random("targets", image);
    const boxes = Array.from({ length: count }, () => {
      const [x, y] = [stream.uniform(0, 30), stream.uniform(0, 18)];
      return [x, y, x + stream.uniform(9, 18), y + stream.uniform(9, 14)];
    });
    const labels = Int32Array.from({ length: count }, () => stream.integer(classes));
    return { image, imageId: image, boxes: Float32Array.from(boxes.flat()), labels, ...size, scaleX: 1, scaleY: 1, flipped: false };
  });
}

export function batchOf(counts: readonly number[]): Batch {
  return { targets: targetsOf(counts) } as unknown as Batch;
}

/** A pyramid of two levels as variables; image i is the same whatever the batch. */
export function pyramidOf(images: readonly number[]): tf.Variable<tf.Rank.R4>[] {
  return strides.map((stride) => tf.tidy(() => {
    const maps = images.map((image) => normal(`map ${image} ${stride}`, [1, size.height / stride, size.width / stride, channels]));
    return tf.variable<tf.Rank.R4>(tf.concat4d(maps as tf.Tensor4D[], 0));
  }));
}

export function predictionOf(pyramid: readonly tf.Tensor4D[]): Prediction {
  return { pyramid, logits: [], boxes: [], ...size };
}

/** A detector whose only loss is a fixed linear function of the pyramid, so that its gradient is known to flow. */
export function linearDetector(): Detector {
  return {
    name: "linear",
    predict: (pyramid: readonly tf.Tensor4D[]) => predictionOf(pyramid),
    loss: ({ pyramid }: Prediction) => ({ cls: tf.addN(pyramid.map((map, level) => tf.mean<tf.Scalar>(tf.mul(map, normal(`probe${level}`, map.shape))))) }),
  } as unknown as Detector;
}
