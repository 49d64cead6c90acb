import * as tf from "@tensorflow/tfjs-core";

interface Attributes {
  readonly filterSize: [number, number] | number;
  readonly strides: [number, number] | number;
  readonly pad: "valid" | "same" | number | [[number, number], [number, number], [number, number], [number, number]];
  readonly dimRoundingMode?: "floor" | "round" | "ceil";
}

/**
 * The gradient of maximum pooling for WASM, whose own drops windows with a negative maximum and gives ties to the last
 * cell. Here, as in TensorFlow and PyTorch, a window's gradient goes to its first greatest cell.
 */
export function patchMaxPoolGradient(backendName: string): void {
  tf.unregisterKernel("MaxPoolGrad", backendName);
  tf.registerKernel({
    kernelName: "MaxPoolGrad",
    backendName,
    kernelFunc: ({ inputs, attrs }) => {
      const [input, dy] = [inputs.input as tf.Tensor4D, inputs.dy as tf.Tensor4D];
      const { filterSize, strides, pad, dimRoundingMode } = attrs as unknown as Attributes;
      const info = tf.backend_util.computePool2DInfo(input.shape, filterSize, strides, 1, pad, dimRoundingMode);
      return tf.tensor4d(maxPoolGradient(input.dataSync(), dy.dataSync(), info), input.shape);
    },
  });
}

/** @returns dL/dx in the layout of x [B, H, W, C] */
function maxPoolGradient(x: ArrayLike<number>, dy: ArrayLike<number>, info: tf.backend_util.Conv2DInfo): Float32Array {
  const { batchSize, inHeight, inWidth, inChannels: channels, outHeight, outWidth, strideHeight, strideWidth } = info;
  const dx = new Float32Array(batchSize * inHeight * inWidth * channels);
  for (let b = 0, out = 0; b < batchSize; b++) {
    for (let r = 0; r < outHeight; r++) {
      const rows = clip(r * strideHeight - info.padInfo.top, info.filterHeight, inHeight);
      for (let c = 0; c < outWidth; c++) {
        const columns = clip(c * strideWidth - info.padInfo.left, info.filterWidth, inWidth);
        for (let k = 0; k < channels; k++, out++) {
          let best = -1;
          for (let i = rows[0]; i < rows[1]; i++) {
            for (let j = columns[0]; j < columns[1]; j++) {
              const at = ((b * inHeight + i) * inWidth + j) * channels + k;
              if (best < 0 || x[at] > x[best]) best = at;
            }
          }
          if (best >= 0) dx[best] += dy[out];
        }
      }
    }
  }
  return dx;
}

function clip(start: number, taps: number, length: number): [from: number, to: number] {
  return [Math.max(0, start), Math.min(length, start + taps)];
}
