import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { packageRoot } from "../../lib/backend/setup/folders.ts";
import type { RowResult } from "../../lib/papers/row-result.ts";
import { writeAtomic } from "../../lib/train/atomic.ts";
import { version } from "../version.ts";
import type { NotebookItem } from "./notebook.ts";
import { buildStamp } from "./program.ts";

/** Files of an executed notebook. */
export interface ExecutedFiles {
  readonly notebook: string;
  readonly report: string;
  /** What it was executed from, and what it said. */
  readonly record: string;
}

/** What is kept beside an executed notebook. */
interface Executed {
  readonly key: string;
  readonly tables: readonly string[];
}

/** Where an item's executed notebook goes. */
export function executedFiles({ notebook }: NotebookItem, output: string): ExecutedFiles {
  const path = join(output, basename(notebook));
  return { notebook: path, report: path.replace(/\.ipynb$/, ".html"), record: path.replace(/\.ipynb$/, ".json") };
}

/** What an execution depends on: the notebook, its parameters, the results that it finds, and the program. */
export function executionKey({ notebook }: NotebookItem, parameters: Readonly<Record<string, unknown>>, results: readonly RowResult[]): string {
  const program = buildStamp() ?? version;
  return createHash("sha256").update(readFileSync(join(packageRoot(), notebook))).update(JSON.stringify({ parameters, results, program })).digest("hex");
}

/** The tables of an execution from the same, which need not be repeated; undefined where there is none, or a part of it is gone. */
export function executedBefore({ notebook, report, record }: ExecutedFiles, key: string): readonly string[] | undefined {
  if (![notebook, report, record].every((file) => existsSync(file))) return undefined;
  try {
    const kept = JSON.parse(readFileSync(record, "utf8")) as Executed;
    return kept.key === key ? kept.tables : undefined;
  } catch {
    return undefined;
  }
}

/** Notes what a complete execution came from. */
export function keepExecuted({ record }: ExecutedFiles, executed: Executed): void {
  writeAtomic(record, `${JSON.stringify(executed, null, 2)}\n`);
}
