import * as tf from "@tensorflow/tfjs-core";
import { decodeDeltasTensor, type DeltaCoder } from "../coder/delta.ts";
import { centredBoxes } from "../coder/distance.ts";
import { expectation } from "../loss/distribution.ts";
import { levelRows } from "../loss/rows.ts";

/** Boxes [B·N, 4] xyxy of deltas to the anchors [N, 4] of an image, on the gradient tape. */
export function decodedRows(deltas: readonly tf.Tensor4D[], anchors: Float64Array, coder: DeltaCoder): tf.Tensor2D {
  const own = tf.tensor2d(Float32Array.from(anchors), [anchors.length / 4, 4]);
  return decodeDeltasTensor(tf.tile(own, [deltas[0].shape[0], 1]), levelRows(deltas, 4), coder);
}

/** Boxes [B·N, 4] around their own centres, in strides, of distributions over bins, on the gradient tape. */
export function expectedRows(sides: readonly tf.Tensor4D[], bins: number): tf.Tensor2D {
  const distances = expectation(tf.reshape(levelRows(sides, 4 * bins), [-1, bins]));
  return centredBoxes(tf.reshape(distances, [-1, 4]));
}
