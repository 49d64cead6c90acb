import type * as tf from "@tensorflow/tfjs-core";

/** A network of stages that halve the resolution; C2 has stride 4, C3 stride 8 and so on. */
export interface Backbone {
  /** Output channels of C2, C3, … */
  readonly channels: readonly number[];
  /** Images [B, H, W, 3] → the stages' outputs C2, C3, … */
  extract(images: tf.Tensor4D): tf.Tensor4D[];
}
