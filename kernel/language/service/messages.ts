import type { DebugMethod } from "../debug-source.ts";
import type { Cell } from "./core.ts";

export type Method = "check" | "commit" | "complete" | "inspect" | "isComplete" | "compile" | "configure" | "packagesChanged" | DebugMethod;

/** What the kernel asks the language thread. */
export type Question = { readonly id: number; readonly method: Method; readonly args: readonly unknown[] };

export type Answer = { readonly id: number; readonly value: unknown } | { readonly id: number; readonly error: string };

/**
 * What the thread starts with; cells committed to a thread that was lost are committed again.
 * `checks`: whether types will be checked, so that the libraries had better be read at once.
 */
export type WorkerStart = { readonly cwd: string; readonly committed: readonly Cell[]; readonly checks: boolean };
