import { existsSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { loadBackend } from "../lib/backend/load.ts";
import { terminalReporter } from "../lib/backend/setup/progress.ts";
import { makeFolder } from "../lib/backend/setup/make-folder.ts";
import { openCocoFolder } from "../lib/data/coco-folder.ts";
import { runNotebook } from "../kernel/run/index.ts";
import type { RunResult } from "../kernel/run/index.ts";
import type { Cell } from "../kernel/notebook/index.ts";
import { calibrationSetting, profiles } from "../lib/papers/sssd.ts";
import type { Profile } from "../lib/papers/sssd.ts";
import { findWeights } from "../lib/papers/weights.ts";
import { UsageError } from "./errors.ts";
import type { Item } from "../lib/papers/item.ts";

export interface ReproduceOptions {
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
  readonly signal?: AbortSignal;
  readonly onEvent?: NonNullable<Parameters<typeof runNotebook>[0]["onEvent"]>;
}

export interface Reproduced {
  readonly result: RunResult;
  readonly notebook: string;
  readonly report: string;
  /** Text of the cells tagged `result`. */
  readonly tables: readonly string[];
}

/** Folder of the project: one up from `cli/`, two from `dist/cli/`. */
export function projectFolder(): string {
  const here = dirname(fileURLToPath(import.meta.url));
  return basename(dirname(here)) === "dist" ? dirname(dirname(here)) : dirname(here);
}

/** Whether an item can be run: its notebook is part of this installation. */
export function hasNotebook({ notebook }: Pick<Item, "notebook">): boolean {
  return existsSync(join(projectFolder(), notebook));
}

/** What can be wrong with the arguments is said before anything long starts. */
export async function assertUsable({ profile, data, seeds }: Pick<ReproduceOptions, "profile" | "data" | "seeds">): Promise<void> {
  if (!profiles.includes(profile)) throw new UsageError(`--profile is "${String(profile)}"; allowed: ${profiles.join(", ")}`);
  if (!Number.isInteger(seeds) || seeds < 1) throw new UsageError(`--seeds must be a whole number of at least 1, received ${seeds}`);
  if (data !== "synthetic") await openCocoFolder(data);
  else if (profile === "paper") throw new UsageError("--profile paper needs --data with a folder of photographs in COCO format; on drawn scenes its numbers would mean nothing. Or use --profile smoke");
}

/** Weights that a profile starts from come before anything is trained; they are kept. */
async function bringWeights(profile: Profile, signal: AbortSignal | undefined): Promise<void> {
  const { weights } = calibrationSetting(profile, 1);
  if (weights !== undefined) await findWeights(weights, { reporter: terminalReporter(), ...(signal && { signal }) });
}

/**
 * Runs an item's notebook through Potstill's own kernel.
 * @throws UsageError for impossible arguments, DatasetError for unusable data; a failing cell is in the result
 */
export async function reproduce(item: Item, options: ReproduceOptions): Promise<Reproduced> {
  await assertUsable(options);
  await bringWeights(options.profile, options.signal);
  if (options.requireGpu) await loadBackend({ requireGpu: true });
  const { profile, data, seed, seeds, output, requireGpu, signal, onEvent } = options;
  makeOutputFolder(output);
  const shown = (path: string) => (relative(process.cwd(), path).startsWith("..") ? path : relative(process.cwd(), path));
  const input = join(projectFolder(), item.notebook);

  if (!hasNotebook(item)) throw new Error(`the notebook ${item.notebook} is missing from this installation`);
  const notebook = join(output, basename(input));
  const report = notebook.replace(/\.ipynb$/, ".html");
  const result = await runNotebook({
    input, inputName: item.notebook, output: notebook, html: report, kernelName: "potstill", cwd: process.cwd(),
    parameters: { profile, data, seed, seeds, requireGpu, ...options.parameters },
    ...(signal && { signal }), ...(onEvent && { onEvent }),
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
