import * as tf from "@tensorflow/tfjs-core";

interface TapeNode {
  readonly saved: readonly tf.Tensor[];
}

/** The parts of TF.js's engine that its types hide. */
interface Engine {
  state: { activeTape: readonly TapeNode[] | null; gradientDepth: number; kernelDepth: number };
  keep: (tensor: tf.Tensor) => tf.Tensor;
  runKernelFunc: (parameters: unknown) => unknown;
  gradients: (...args: unknown[]) => tf.TensorContainer;
}

/**
 * Makes TF.js free what an exception leaves behind: the engine keeps tensors for the backward pass out of reach of every
 * `tf.tidy` and forgets them when an operation, the loss or a gradient throws (an interrupt, a bad shape).
 */
export function cleanUpAfterExceptions(): void {
  const engine = tf.engine() as unknown as Engine;
  const { keep, runKernelFunc, gradients } = engine;
  let kept: tf.Tensor[] = []; // by the operation that is running
  engine.keep = function (tensor) {
    if (engine.state.kernelDepth > 0) kept.push(tensor);
    return keep.call(engine, tensor);
  };
  engine.runKernelFunc = function (parameters) {
    try {
      return runKernelFunc.call(engine, parameters);
    } catch (error) {
      if (engine.state.kernelDepth === 0) tf.dispose(kept);
      throw error;
    } finally {
      if (engine.state.kernelDepth === 0 && kept.length > 0) kept = [];
    }
  };
  engine.gradients = function (...args) {
    if (engine.state.gradientDepth > 0) return gradients.apply(engine, args);
    try {
      return tf.tidy(() => gradients.apply(engine, args));
    } catch (error) {
      forgetTape(engine);
      throw error;
    }
  };
}

function forgetTape(engine: Engine): void {
  for (const node of engine.state.activeTape ?? []) tf.dispose([...node.saved]);
  engine.state.activeTape = null;
}
