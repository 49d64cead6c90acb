import type * as tf from "@tensorflow/tfjs-core";
import type { Rle } from "../tensor/masks/rle.ts";

/** The objects of one image of a batch, moved with its pixels. Crowd regions are left out (they train nothing). */
export interface Target {
  /** Index into `Dataset.images`. */
  readonly image: number;
  readonly imageId: number;
  /** [n, 4] xyxy in pixels of the (padded) batch image. */
  readonly boxes: Float32Array;
  /** [n] positions in `Dataset.categories`. */
  readonly labels: Int32Array;
  /** One per box, `height × width` pixels as the image's content in the batch; only when masks are asked for. */
  readonly masks?: readonly Rle[];
  /** Size in pixels of the image's content in the batch; padding lies right and below. */
  readonly width: number;
  readonly height: number;
  /** Batch pixels per original pixel, horizontally and vertically: original = batch / scale (+ `crop`). */
  readonly scaleX: number;
  readonly scaleY: number;
  /** Mirrored left-right (after which x' = width − x). */
  readonly flipped: boolean;
  /** Where the part begins that was cut out of the original; absent when it is whole. */
  readonly crop?: { readonly x: number; readonly y: number };
}

/** Images ready for a detector, with their targets in the same order. */
export interface Batch {
  /** [B, H, W, 3] float32, normalised as the detector's preset says. Owned by the batch. */
  readonly images: tf.Tensor4D;
  readonly targets: readonly Target[];
  /** Disposes `images`. */
  dispose(): void;
}
