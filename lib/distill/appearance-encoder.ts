import * as tf from "@tensorflow/tfjs-core";
import { conv3x3, type ParameterSet } from "./layers.ts";
import type { ObjectTensors } from "./objects.ts";
import { standardise } from "./standardise.ts";

/** Student maps [B, H_l, W_l, C] → appearance embeddings [L, B, R, C]. */
export type AppearanceEncoder = (pyramid: readonly tf.Tensor4D[], objects: Pick<ObjectTensors, "inside" | "inverseCounts">) => tf.Tensor4D;

/**
 * LGD's appearance encoder: conv3×3, GroupNorm(1) and ReLU on every level (shared weights), then the average over the
 * cells inside each object's box. An object without cells has embedding 0.
 */
export function appearanceEncoder(set: ParameterSet, channels: number): AppearanceEncoder {
  const project = conv3x3(set, "student_proj_2D.0.0", channels);
  return (pyramid, { inside, inverseCounts }) => {
    const pooled = pyramid.map((map, level) => {
      const [b, h, w, c] = map.shape;
      const cells = tf.reshape<tf.Rank.R3>(standardise(project(map), [1, 2, 3], { relu: true }), [b, h * w, c]);
      return tf.matMul(inside[level], cells);
    });
    return tf.mul<tf.Tensor4D>(tf.stack(pooled), inverseCounts);
  };
}
