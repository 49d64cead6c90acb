import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { InterruptedError } from "../backend/cancel.ts";
import { withoutLeaks } from "../provenance/leaks.ts";
import { writeAtomic } from "../train/atomic.ts";

const file = "problem.json";

/** Keeps why a run has failed, for those who look at its results later: maybe elsewhere, so that no folder of this machine is told. */
export function recordProblem(folder: string, message: string): void {
  writeAtomic(join(folder, file), `${JSON.stringify({ message: withoutLeaks(message) }, null, 2)}\n`);
}

/** Why a run has failed; undefined where it has not. */
export function problemOf(folder: string): string | undefined {
  try {
    const { message } = JSON.parse(readFileSync(join(folder, file), "utf8")) as { readonly message?: unknown };
    return typeof message === "string" ? message : undefined;
  } catch {
    return undefined; // none, or one that a kill cut short before it was told
  }
}

/** Before another attempt, and after one that went well. */
export function forgetProblem(folder: string): void {
  rmSync(join(folder, file), { force: true });
}

/** Whether somebody wanted the work to stop, which is no failure of it. */
export function isInterrupt(error: unknown, signal?: AbortSignal): boolean {
  if (error instanceof InterruptedError || (signal?.aborted && error === signal.reason)) return true;
  return error instanceof Error && error.cause !== undefined && isInterrupt(error.cause, signal);
}
