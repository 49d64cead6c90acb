import * as tf from "@tensorflow/tfjs-core";

/**
 * y[s, …] = Σ_{i: id_i = s} x[i, …] for WASM, by its scatter, which adds up repeated indices.
 * Ids outside [0, segments) are left out, as TensorFlow does.
 */
export function patchUnsortedSegmentSum(): void {
  tf.registerKernel({
    kernelName: "UnsortedSegmentSum",
    backendName: "wasm",
    kernelFunc: ({ inputs, attrs }) =>
      segmentSum(inputs.x as tf.Tensor, inputs.segmentIds as tf.Tensor1D, (attrs as unknown as { numSegments: number }).numSegments),
  });
}

function segmentSum(x: tf.Tensor, ids: tf.Tensor1D, segments: number): tf.Tensor {
  return tf.tidy(() => {
    const inner = x.shape.slice(1);
    const inside = tf.logicalAnd(tf.greaterEqual(ids, 0), tf.less(ids, segments));
    const rows = tf.where(inside, ids, tf.fill(ids.shape, segments, "int32")); // one row more takes what is left out
    const flat = tf.reshape(x, [ids.size, -1]);
    const sums = tf.scatterND(tf.reshape(rows, [-1, 1]), flat, [segments + 1, flat.shape[1]!]);
    return tf.reshape(tf.slice(sums, [0, 0], [segments, flat.shape[1]!]), [segments, ...inner]);
  });
}
