import type { Notebook, Output, ParameterValue } from "../notebook/index.ts";
import type { CellStatus } from "./papermill-metadata.ts";

/** What happens during a run, as it happens. */
export type RunEvent =
  | { type: "start"; cells: number; kernel: string }
  | { type: "cell-start"; index: number; cells: number; description: string }
  | { type: "cell-progress"; index: number; text: string }
  | { type: "output"; index: number; output: Output; text: string }
  | { type: "cell-end"; index: number; status: CellStatus; seconds: number }
  | { type: "info" | "warning"; message: string }
  | { type: "end"; status: RunStatus; seconds: number };

export type RunStatus = "completed" | "failed" | "interrupted" | "prepared";

/** How to run a notebook. Everything but `input` has papermill's default. */
export interface RunOptions {
  /** Path of the notebook; `-` reads standard input. */
  input: string;
  /** What the executed notebook records as its input (the path); a name that says nothing of this machine. */
  inputName?: string | undefined;
  /** Path of the executed notebook; `-` writes standard output, undefined writes none. */
  output?: string | undefined;
  /** Values for the parameters cell. */
  parameters?: Readonly<Record<string, unknown>> | undefined;
  /** Parameter names that the notebook need not declare. */
  exemptParameters?: readonly string[];
  allowUnknownParameters?: boolean | undefined;
  /** Take parameters that are named like secrets and write their values into the notebook (false: refused). */
  allowSecretParameters?: boolean | undefined;
  /** Write notebook and report without the folders that they were made in: `.`, `~` and `TMP` stand for them (false). */
  portable?: boolean | undefined;
  /** Further folders that are not told, and what stands for each. */
  hide?: readonly (readonly [folder: string, standIn: string])[] | undefined;
  /** The HTML report: a path, or true for the output's path with `.html`. */
  html?: string | boolean | undefined;
  /** The kernel's working directory (the current one; for Potstill's own kernel the notebook's folder). */
  cwd?: string | undefined;
  /** The kernel instead of the notebook's own. */
  kernelName?: string | undefined;
  /** The parameters' language instead of the notebook's own. */
  language?: string | undefined;
  /** The kernel's environment (this process's own). */
  env?: NodeJS.ProcessEnv | undefined;
  /** Aborting interrupts the running cell, records that, and ends the run. */
  signal?: AbortSignal | undefined;
  onEvent?: ((event: RunEvent) => void) | undefined;
  /** Seconds a cell may take (no limit). */
  executionTimeout?: number | undefined;
  /** Seconds the kernel may take to answer first (60). */
  startTimeout?: number | undefined;
  /** Arguments for Node when Potstill's own kernel runs, for example `--max-old-space-size=4096`. */
  nodeArguments?: readonly string[] | undefined;
  /** Save at the start and end of cells (true). */
  saveOnCell?: boolean | undefined;
  /** Seconds between saves while a cell sends output (30; 0 turns it off). */
  autosaveEvery?: number | undefined;
  /** Inject parameters only; run nothing. */
  prepareOnly?: boolean | undefined;
  /** Hide the code of all cells. */
  reportMode?: boolean | undefined;
}

/** The error that ended a run. */
export interface RunError {
  /** Position in the input notebook with injected parameters, from 0 (error markers not counted). */
  cellIndex: number;
  executionCount: number | null;
  source: string;
  name: string;
  value: string;
  traceback: string[];
}

export interface RunResult {
  status: RunStatus;
  /** The executed notebook, error markers included. */
  notebook: Notebook;
  output?: string;
  html?: string;
  error?: RunError;
  /** Wall-clock seconds from the kernel's start to its end. */
  seconds: number;
  parameters: Readonly<Record<string, ParameterValue>>;
}
