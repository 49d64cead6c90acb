import { existsSync, readFileSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import type { RunResult } from "../train/run.ts";
import { readCodeFile, type CodeFile } from "./code-file.ts";
import { hashFile } from "./hash.ts";

/** A file of a run directory. */
export interface RunFile {
  /** With `/`, below the directory. */
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** What `config.json` says, as far as it was written by this or an older version. */
export interface RunConfig {
  readonly fingerprint?: string;
  readonly config?: {
    readonly name?: string;
    readonly seed?: number;
    readonly detector?: { readonly kind?: string; readonly backbone?: unknown };
    readonly method?: { readonly name?: string };
    readonly data?: { readonly name?: string; readonly hash?: string; readonly batchSize?: number; readonly classes?: readonly string[] };
    readonly training?: { readonly iterations?: number };
  };
  readonly started?: {
    readonly weights?: { readonly name?: string; readonly sha256?: string; readonly part?: string };
    readonly teacher?: { readonly name?: string; readonly sha256?: string };
  };
}

/** Everything that a run directory holds and says of itself. */
export interface RunFacts {
  readonly config: RunConfig;
  readonly result?: RunResult;
  readonly code?: CodeFile;
  readonly files: readonly RunFile[];
}

/** Of the directory's own making or passing: no part of what it tells. */
const passing = /^(?:lock|problem\.json|ro-crate-metadata\.json|ro-crate-preview\.html)$|\.tmp$|\.lock$/;

function* paths(folder: string, below = ""): Generator<string> {
  const entries = readdirSync(join(folder, below), { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    const path = below === "" ? entry.name : `${below}/${entry.name}`;
    if (entry.isDirectory()) yield* paths(folder, path);
    else if (entry.isFile() && !passing.test(entry.name)) yield path;
  }
}

/** The files of a run directory that belong to it, in the order in which they are told. */
export const runPaths = (folder: string): string[] => [...paths(folder)];

function readJson<T>(path: string): T | undefined {
  if (!existsSync(path)) return undefined;
  try {
    return JSON.parse(readFileSync(path, "utf8")) as T;
  } catch (error) {
    throw new Error(`${path} is not JSON. Remove the run's folder to train it again`, { cause: error });
  }
}

/** Reads a run directory. @throws Error when there is none, or a file of it is broken */
export async function runFacts(folder: string): Promise<RunFacts> {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) throw new Error(`there is no run directory ${folder}`);
  const files: RunFile[] = [];
  for (const path of runPaths(folder)) files.push({ path, ...(await hashFile(join(folder, path))) });
  const result = readJson<RunResult>(join(folder, "result.json"));
  const code = readCodeFile(folder);
  return { config: readJson<RunConfig>(join(folder, "config.json")) ?? {}, ...(result && { result }), ...(code && { code }), files };
}
