import { constants } from "node:os";

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
  const stop = (name: NodeJS.Signals): void => {
    if (exitCode !== undefined) process.exit(exitCode);
    exitCode = 128 + constants.signals[name];
    controller.abort(new Error(`interrupted by ${name}`));
  };
  const names = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const name of names) process.on(name, stop);
  try {
    const result = await work(controller.signal);
    return { result, ...(exitCode === undefined ? {} : { exitCode }) };
  } finally {
    for (const name of names) process.off(name, stop);
  }
}
