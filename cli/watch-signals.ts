import { once } from "node:events";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { packageRoot } from "../lib/backend/setup/folders.ts";

/** What ends a command in order. */
export const stopSignals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Milliseconds in which signals count as one: `timeout` and `npx` send the same one twice. */
export const signalPause = 300;

export interface SignalWatch {
  /** Element 0 is the first signal's number, set at once whatever the main thread does; 0 before. */
  readonly flag: Int32Array;
  stop(): Promise<void>;
}

/**
 * Hears signals on a thread of its own. A second one, when the first is older than `signalPause`, kills the process if that
 * does not end by itself within `patience` milliseconds. Where the thread cannot start, the flag stays 0.
 */
export async function watchSignals({ patience = 200 } = {}): Promise<SignalWatch> {
  const flag = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(join(packageRoot(), "cli", "signal-watch.mjs"), { workerData: { flag, names: stopSignals, pause: signalPause, patience }, execArgv: ["--no-deprecation"] });
  worker.unref();
  try {
    await once(worker, "message");
  } catch (error) {
    process.stderr.write(`potstill: signals are heard between iterations only: ${(error as Error).message}\n`);
  }
  return { flag, stop: async () => { await worker.terminate(); } };
}
