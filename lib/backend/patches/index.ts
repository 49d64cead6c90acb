import * as tf from "@tensorflow/tfjs-core";
import { patchConv2d } from "./conv2d.ts";
import { patchMaxPoolGradient } from "./max-pool-gradient.ts";
import { patchRelu } from "./relu.ts";
import { patchResizeGradient } from "./resize-gradient.ts";
import { patchUnsortedSegmentSum } from "./unsorted-segment-sum.ts";

let patched = false;

/**
 * Gives the loaded backend the gradients and kernels that TF.js lacks, or has wrong, and a training step needs.
 * Idempotent. Everywhere: gradients of dilated and explicitly padded convolutions; native: a one-operation ReLU
 * gradient; WASM: the convolution's filter gradient, the sum by segments (the gradient of gather), maximum pooling's
 * gradient; plain: the gradient of nearest-neighbour resizing.
 */
export function registerPatches(): void {
  if (patched) return;
  patched = true;
  const backend = tf.getBackend();
  patchConv2d(backend);
  if (backend === "tensorflow") patchRelu();
  if (backend === "wasm") {
    patchMaxPoolGradient(backend);
    patchUnsortedSegmentSum();
  }
  if (backend === "cpu") patchResizeGradient(backend);
}
