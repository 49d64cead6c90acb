import * as tf from "@tensorflow/tfjs-core";

/**
 * The gradient of nearest-neighbour resizing for the plain backend, whose own is wrong for batches: every pixel gives
 * its gradient to the pixel that it was copied from (source = ⌊i · in / out⌋, or with aligned corners
 * round(i · (in − 1) / (out − 1))).
 */
export function patchResizeGradient(backendName: string): void {
  tf.unregisterKernel("ResizeNearestNeighborGrad", backendName);
  tf.registerKernel({
    kernelName: "ResizeNearestNeighborGrad",
    backendName,
    kernelFunc: ({ inputs, attrs }) => {
      const [images, dy] = [inputs.images as tf.Tensor4D, inputs.dy as tf.Tensor4D];
      const { alignCorners } = attrs as unknown as { alignCorners: boolean };
      return tf.tensor4d(resizeGradient(dy, images.shape, alignCorners), images.shape);
    },
  });
}

function resizeGradient(dy: tf.Tensor4D, shape: readonly [number, number, number, number], alignCorners: boolean): Float32Array {
  const [batch, height, width, channels] = shape;
  const [, outHeight, outWidth] = dy.shape;
  const rows = sources(height, outHeight, alignCorners);
  const columns = sources(width, outWidth, alignCorners);
  const dx = new Float32Array(batch * height * width * channels);
  const values = dy.dataSync();
  let from = 0;
  for (let b = 0; b < batch; b++) {
    for (const row of rows) {
      for (const column of columns) {
        const to = ((b * height + row) * width + column) * channels;
        for (let k = 0; k < channels; k++) dx[to + k] += values[from++];
      }
    }
  }
  return dx;
}

function sources(length: number, enlarged: number, alignCorners: boolean): number[] {
  const scale = Math.fround(alignCorners && enlarged > 1 ? (length - 1) / (enlarged - 1) : length / enlarged);
  const source = (i: number) => (alignCorners ? Math.round(i * scale) : Math.floor(i * scale));
  return Array.from({ length: enlarged }, (_, i) => Math.min(length - 1, source(i)));
}
