import * as tf from "@tensorflow/tfjs-core";

/** A gradient that several inputs of one operation need: computed on first use, freed with the operation. */
export type Shared = () => tf.Tensor;

export interface BackwardContext {
  /** What the forward function saved, in its order. */
  readonly saved: readonly tf.Tensor[];
  /** Wraps a computation whose result more than one input's gradient uses. */
  readonly share: (compute: () => tf.Tensor) => Shared;
}

export interface Operation<T extends tf.Tensor> {
  /** The tensors it is differentiable in, by name. */
  readonly inputs: Readonly<Record<string, tf.Tensor>>;
  /** Runs off the tape inside a tidy; `save` keeps tensors for the backward pass (and does nothing when no tape is on). */
  readonly forward: (save: (tensors: readonly tf.Tensor[]) => void) => T;
  /** One lazy gradient per input: only those that a variable depends on are asked for. Each returns a tensor of its own. */
  readonly backward: (dy: T, context: BackwardContext) => Readonly<Record<string, () => tf.Tensor>>;
}

/** The hidden method behind `tf.customGrad`; its backward function may answer lazily, which customGrad's may not. */
interface KernelRunner {
  runKernelFunc(operation: {
    inputs: Readonly<Record<string, tf.Tensor>>;
    forwardFunc: (backend: unknown, save: (tensors: readonly tf.Tensor[]) => void) => tf.Tensor;
    backwardsFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => Readonly<Record<string, () => tf.Tensor>>;
  }): tf.Tensor;
}

/**
 * Runs an operation with its own gradient as one node of the tape.
 *
 * Shared gradients are appended to the node's saved tensors, which whoever runs the tape backwards disposes
 * (`tf.variableGrads` at the end, `lib/train`'s tape after each node).
 */
export function differentiable<T extends tf.Tensor>(operation: Operation<T>): T {
  const engine = tf.engine() as unknown as KernelRunner;
  return engine.runKernelFunc({
    inputs: operation.inputs,
    forwardFunc: (_, save) => operation.forward(save),
    backwardsFunc: (dy, saved) => operation.backward(dy as T, { saved: [...saved], share: (compute) => sharedIn(saved, compute) }),
  }) as T;
}

function sharedIn(saved: tf.Tensor[], compute: () => tf.Tensor): Shared {
  let value: tf.Tensor | undefined;
  return () => {
    if (value === undefined) {
      value = tf.keep(tf.tidy(compute));
      saved.push(value);
    }
    return value;
  };
}
