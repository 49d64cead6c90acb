import { rmSync } from "node:fs";
import { basename, join } from "node:path";
import type { Item } from "../../lib/papers/item.ts";
import type { Study } from "../../lib/papers/study.ts";
import { executedBefore, executedFiles, executionKey, keepExecuted } from "./executed.ts";
import type { Site } from "./job.ts";
import { hasNotebook, reproduceNotebook } from "./notebook.ts";

export interface NotebooksOptions extends Site {
  readonly seed: number;
  readonly seeds: number;
  readonly rows: readonly string[];
  readonly iterations?: number;
  /** Folder of the site. */
  readonly output: string;
  /** Kernels at once. */
  readonly jobs: number;
  readonly signal?: AbortSignal;
  readonly onNotebook?: (done: DoneNotebook) => void;
}

/** An item's notebook, executed now or before. */
export interface DoneNotebook {
  readonly item: Item;
  /** From the current folder. */
  readonly report: string;
  readonly tables: readonly string[];
  /** Absent where it was executed before, from the same. */
  readonly seconds?: number;
  /** Why it has not run to its end. */
  readonly problem?: string;
}

/**
 * Executes the items' notebooks, some at once; they find every run done, and train nothing. One that was executed from the same
 * results is left as it is.
 * @throws the signal's reason once it is aborted
 */
export async function runNotebooks(studies: readonly Study[], options: NotebooksOptions): Promise<DoneNotebook[]> {
  const { jobs, signal, onNotebook } = options;
  return atOnce(studies.filter(({ item }) => hasNotebook(item)), jobs, async (study) => {
    signal?.throwIfAborted();
    const done = await runOne(study, options);
    signal?.throwIfAborted();
    onNotebook?.(done);
    return done;
  });
}

async function runOne(study: Study, { profile, data, seed, seeds, rows, iterations, runs, requireGpu, output, signal }: NotebooksOptions): Promise<DoneNotebook> {
  const { item } = study;
  const folder = join(output, "notebooks");
  const files = executedFiles(item, folder);
  const parameters = { runs, ...(rows.length > 0 && { rows }), ...(iterations !== undefined && { iterations }) };
  const key = executionKey(item, { profile, data: basename(data), seed, seeds, requireGpu, ...parameters }, await study.results());
  const before = executedBefore(files, key);
  if (before !== undefined) return { item, report: files.report, tables: before };
  rmSync(files.record, { force: true });
  const env = { ...process.env, POTSTILL_RETRY: "off", POTSTILL_THREADS: process.env.POTSTILL_THREADS || "1" };
  const { result, tables } = await reproduceNotebook(item, { profile, data, seed, seeds, requireGpu, env, output: folder, parameters, ...(signal && { signal }) });
  if (result.status === "completed") keepExecuted(files, { key, tables });
  const { error, seconds } = result;
  const problem = error ? `cell ${error.cellIndex + 1}: ${error.name}: ${error.value}` : result.status;
  return { item, report: files.report, tables, seconds, ...(result.status !== "completed" && { problem }) };
}

/** Answers in the list's order, some at work at once. After a failure nothing more is begun. */
async function atOnce<T, R>(list: readonly T[], jobs: number, work: (one: T) => Promise<R>): Promise<R[]> {
  const answers = new Array<R>(list.length);
  let [next, broken] = [0, false];
  const hand = async () => {
    while (next < list.length && !broken) {
      const at = next++;
      try {
        answers[at] = await work(list[at]);
      } catch (error) {
        broken = true;
        throw error;
      }
    }
  };
  const hands = await Promise.allSettled(Array.from({ length: Math.min(jobs, list.length) }, hand));
  const failure = hands.find((one) => one.status === "rejected");
  if (failure !== undefined) throw failure.reason;
  return answers;
}
