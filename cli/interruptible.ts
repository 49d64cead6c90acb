import { constants } from "node:os";
import { InterruptedError, interruptBy } from "../lib/backend/cancel.ts";
import { signalPause, stopSignals, watchSignals } from "./watch-signals.ts";

/** What came out, and the exit code of the signal that came meanwhile, if one did (128 + its number). */
export interface Interruptible<T> {
  result: T;
  exitCode?: number;
}

/**
 * Does some work whose signal aborts on Ctrl-C and SIGTERM, so that it can leave everything in order.
 * A second signal ends the process at once.
 */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<Interruptible<T>> {
  const controller = new AbortController();
  let exitCode: number | undefined;
  let first = 0;
  const stop = (name: NodeJS.Signals): void => {
    if (exitCode !== undefined) {
      if (Date.now() - first > signalPause) process.exit(exitCode);
      return;
    }
    first = Date.now();
    exitCode = 128 + constants.signals[name];
    controller.abort(new Error(`interrupted by ${name}`));
  };
  for (const name of stopSignals) process.on(name, stop);
  try {
    const result = await work(controller.signal);
    return { result, ...(exitCode === undefined ? {} : { exitCode }) };
  } finally {
    for (const name of stopSignals) process.off(name, stop);
  }
}

/**
 * As `interruptible`, for work that computes for long without a pause: a signal ends it at the next TensorFlow operation, a
 * second one the process, whatever it does. `result` is undefined when the work was stopped before its end.
 */
export async function computing<T>(work: (signal: AbortSignal) => Promise<T>): Promise<Interruptible<T | undefined>> {
  const watch = await watchSignals();
  const release = interruptBy(watch.flag);
  try {
    const done = await interruptible(async (signal) => {
      try {
        return await work(signal);
      } catch (error) {
        if (isInterrupt(error, signal)) return undefined;
        throw error;
      }
    });
    const heard = Atomics.load(watch.flag, 0);
    return heard === 0 ? done : { ...done, exitCode: 128 + heard };
  } finally {
    release();
    await watch.stop();
  }
}

function isInterrupt(error: unknown, signal: AbortSignal): boolean {
  if (error instanceof InterruptedError || (signal.aborted && error === signal.reason)) return true;
  return error instanceof Error && error.cause !== undefined && isInterrupt(error.cause, signal);
}
