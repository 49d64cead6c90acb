import { existsSync } from "node:fs";
import { basename, join, relative } from "node:path";
import { packageRoot } from "../../lib/backend/setup/folders.ts";
import { makeFolder } from "../../lib/backend/setup/make-folder.ts";
import type { Profile } from "../../lib/papers/sssd.ts";
import type { Cell } from "../../kernel/notebook/index.ts";
import { runNotebook, type RunResult } from "../../kernel/run/index.ts";
import { UsageError } from "../errors.ts";
import { hiddenFolders } from "../hidden-folders.ts";

/** What has a notebook. */
export interface NotebookItem {
  readonly id: string;
  /** Path of the notebook below the project's folder. */
  readonly notebook: string;
}

export interface NotebookOptions {
  readonly profile: Profile;
  /** A COCO-format folder, or `synthetic`. */
  readonly data: string;
  /** First seed, and how many. */
  readonly seed: number;
  readonly seeds: number;
  /** Further parameters of the notebook, by name. */
  readonly parameters?: Readonly<Record<string, unknown>>;
  /** Folder for the executed notebook and its report. */
  readonly output: string;
  readonly requireGpu: boolean;
  /** The kernel's environment; default this process's. */
  readonly env?: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal;
  readonly onEvent?: NonNullable<Parameters<typeof runNotebook>[0]["onEvent"]>;
}

/** A notebook that was run. */
export interface Reproduced {
  readonly result: RunResult;
  readonly notebook: string;
  readonly report: string;
  /** Text of the cells tagged `result`. */
  readonly tables: readonly string[];
}

/** Whether an item's notebook is part of this installation. */
export function hasNotebook({ notebook }: NotebookItem): boolean {
  return existsSync(join(packageRoot(), notebook));
}

/**
 * Runs an item's notebook through Potstill's own kernel.
 * @throws UsageError for a folder that cannot be made; a failing cell is in the result
 */
export async function reproduceNotebook(item: NotebookItem, options: NotebookOptions): Promise<Reproduced> {
  const { profile, data, seed, seeds, output, requireGpu, env, signal, onEvent } = options;
  makeOutputFolder(output);
  const shown = (path: string) => (relative(process.cwd(), path).startsWith("..") ? path : relative(process.cwd(), path));
  const input = join(packageRoot(), item.notebook);
  if (!hasNotebook(item)) throw new Error(`the notebook ${item.notebook} is missing from this installation`);
  const notebook = join(output, basename(input));
  const report = notebook.replace(/\.ipynb$/, ".html");
  const result = await runNotebook({
    input, inputName: item.notebook, output: notebook, html: report, kernelName: "potstill", cwd: process.cwd(),
    portable: true, hide: hiddenFolders(data),
    parameters: { profile, data, seed, seeds, requireGpu, ...options.parameters },
    ...(env && { env }), ...(signal && { signal }), ...(onEvent && { onEvent }),
  });
  return { result, notebook: shown(notebook), report: shown(report), tables: result.notebook.cells.flatMap(resultText) };
}

/** One folder at a time: a recursive mkdir never returns under folders that take none (Node 20). */
function makeOutputFolder(path: string): void {
  try {
    makeFolder(path);
  } catch (error) {
    throw new UsageError(`--output ${path} cannot be made: ${(error as Error).message}. Name a folder that you may write to`);
  }
}

function resultText(cell: Cell): string[] {
  if (cell.cell_type !== "code" || !(cell.metadata.tags ?? []).includes("result")) return [];
  return cell.outputs.flatMap((output) => {
    const text = "data" in output ? (output.data as Record<string, unknown>)["text/plain"] : undefined;
    return Array.isArray(text) ? [text.join("")] : typeof text === "string" ? [text] : [];
  });
}
