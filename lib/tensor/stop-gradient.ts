import * as tf from "@tensorflow/tfjs-core";

interface Engine {
  makeTensorFromDataId(dataId: object, shape: readonly number[], dtype: tf.DataType): tf.Tensor;
  state: { kernelDepth: number };
}

/**
 * The same values as a tensor that the gradient tape knows nothing about: y = x, dy/dx = 0. Nothing is copied.
 * The result belongs to the current tidy scope and may outlive `x`.
 */
export function stopGradient<T extends tf.Tensor>(x: T): T {
  const backend = tf.backend() as unknown as { incRef(dataId: object): void };
  backend.incRef(x.dataId);
  return (tf.engine() as unknown as Engine).makeTensorFromDataId(x.dataId, x.shape, x.dtype) as T;
}

/**
 * Runs `f` without recording it on a gradient tape, and frees its intermediate tensors at once. What it returns is a
 * constant to the tape. Used for frozen stages, whose activations would otherwise be kept for the backward pass.
 */
export function withoutTape<T extends tf.TensorContainer>(f: () => T): T {
  const { state } = tf.engine() as unknown as Engine;
  state.kernelDepth++;
  try {
    return tf.tidy(f);
  } finally {
    state.kernelDepth--;
  }
}
