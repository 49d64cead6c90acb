import * as tf from "@tensorflow/tfjs-core";

/** What a kernel, or a command line, publishes for libraries whose work must be interruptible. */
export interface InterruptContract {
  /** Element 0 is not 0 while an interrupt is wanted; shared with the thread that receives it. */
  readonly flag: Int32Array;
  /** Element 0 counts the operations that are under way; the kernel waits for their end. Older kernels have none. */
  readonly operations?: Int32Array;
}

const key = Symbol.for("potstill.interrupt");

/** Thrown by every TensorFlow operation while an interrupt is wanted; TF.js unwinds it like any error. */
export class InterruptedError extends Error {
  override name = "InterruptedError";
  constructor() {
    super("interrupted");
  }
}

/** Throws {@link InterruptedError} when the kernel, if there is one, wants the running code to stop. */
export function cancelPoint(): void {
  const contract = published();
  if (contract !== undefined && Atomics.load(contract.flag, 0) !== 0) throw new InterruptedError();
}

/**
 * Makes every TensorFlow operation throw {@link InterruptedError} from the moment that element 0 is not 0.
 * @param flag shared with whoever sets it: a thread, since the computing one hears nothing
 * @returns what ends that
 */
export function interruptBy(flag: Int32Array): () => void {
  const place = globalThis as Record<symbol, unknown>;
  const before = place[key];
  place[key] = { flag } satisfies InterruptContract;
  return () => { place[key] = before; };
}

function published(): InterruptContract | undefined {
  return (globalThis as Record<symbol, unknown>)[key] as InterruptContract | undefined;
}

type Method = (...args: unknown[]) => unknown;

/**
 * Makes every operation a cancel point: an exception between two operations leaves TF.js's tape, scopes and tensors
 * whole, which ending the thread's execution inside TF.js would not.
 *
 * The native backend's calls into the library are guarded, for raw operations too; the portable ones at the engine.
 */
export function installCancelPoints(): void {
  if (tf.getBackend() === "tensorflow") guard(tf.backend(), ["executeSingleOutput", "executeMultipleOutputs"]);
  else guard(tf.engine(), ["runKernel"], "Identity"); // how TF.js clones: taking a reference, not work
}

function guard(object: object, methods: readonly string[], except?: string): void {
  for (const name of methods) {
    const target = object as Record<string, Method>;
    const original = target[name];
    target[name] = function (this: unknown, ...args: unknown[]) {
      if (args[0] !== except) cancelPoint();
      const operations = published()?.operations;
      if (operations === undefined) return original.apply(this, args);
      Atomics.add(operations, 0, 1);
      try {
        return original.apply(this, args);
      } finally {
        Atomics.sub(operations, 0, 1);
      }
    };
  }
}
