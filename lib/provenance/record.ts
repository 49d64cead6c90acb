import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../backend/setup/folders.ts";
import { writeAtomic } from "../train/atomic.ts";
import type { RunRecorder } from "../train/run.ts";
import { codeIdentity, type CodeIdentity } from "./code.ts";
import { writeCodeFile } from "./code-file.ts";
import { crateText, type Failure } from "./crate.ts";
import { thisMachine } from "./leaks.ts";
import { peopleOf, type People } from "./people.ts";
import { packageVersions, shapingVariables } from "./project.ts";
import { runFacts, runPaths } from "./run-facts.ts";
import { isoTime } from "./times.ts";

export const crateFile = "ro-crate-metadata.json";

export interface RecordOptions {
  /** What ended it, where it failed; without one the run must be finished. */
  readonly error?: unknown;
  /** The command that trained it, where there was one. */
  readonly command?: string;
  /** Whom the metadata name; default what `POTSTILL_AUTHOR`, `POTSTILL_ORGANISATION` and `POTSTILL_RESULTS_LICENCE` say. */
  readonly people?: People;
  /** Default the process's. */
  readonly environment?: NodeJS.ProcessEnv;
}

let ownCode: Promise<CodeIdentity> | undefined;

/** Potstill's own code as this process found it: what is changed later was not loaded. */
export function loadedCode(): Promise<CodeIdentity> {
  return (ownCode ??= codeIdentity(packageRoot()));
}

/** Says by what code this process works, where another one that started it knows better: what it has loaded was built before. */
export function workByCode(code: CodeIdentity): void {
  ownCode = Promise.resolve(code);
}

/** Writes `code.json` (and `code.patch`) of a run directory whose training begins now. */
export async function beginRecord(folder: string, environment: NodeJS.ProcessEnv = process.env): Promise<void> {
  peopleOf(environment); // what is wrong there is better told now than after the last step
  const started = isoTime(Date.now());
  writeCodeFile(folder, { started, code: await loadedCode(), versions: packageVersions(), variables: shapingVariables(environment) });
}

/**
 * Writes the Process Run Crate of a finished or failed run (`ro-crate-metadata.json`) from what its directory holds; writing
 * it again, after a score was added say, leaves the same bytes where nothing changed.
 * @returns whether the file is new or was changed
 * @throws Error when the run is neither finished nor failed, or a file of it is broken or cannot be written
 */
export async function recordRun(folder: string, { error, command, environment = process.env, people = peopleOf(environment) }: RecordOptions = {}): Promise<boolean> {
  const facts = await runFacts(folder);
  if (facts.result === undefined && error === undefined) throw new Error(`${folder} is not finished, and no error says why. Continue it with the command that started it`);
  const failure: Failure | undefined = error === undefined ? undefined : { message: messageOf(error), ended: isoTime(Date.now()) };
  const text = crateText(facts, folder, { people, machine: thisMachine(environment), ...(command !== undefined && { command }), ...(failure && { failure }) });
  const path = join(folder, crateFile);
  if (existsSync(path) && readFileSync(path, "utf8") === text) return false;
  writeAtomic(path, text);
  return true;
}

const messageOf = (error: unknown): string => (error instanceof Error ? `${error.name}: ${error.message}` : String(error));

/** What is thrown into a run that somebody stops: it did not fail. */
const interrupts = ["InterruptedError", "KeyboardInterrupt", "AbortError"];

/**
 * Whether a finished run's crate tells what there is: a kill may have come before it, an earlier attempt have failed, a score
 * have been added. Files are compared by name and size, so that this is quick.
 */
function isCurrent(folder: string): boolean {
  const path = join(folder, crateFile);
  const text = existsSync(path) ? readFileSync(path, "utf8") : "";
  if (text === "" || text.includes("/FailedActionStatus")) return false;
  const { "@graph": graph } = JSON.parse(text) as { readonly "@graph": readonly { readonly "@type": string; readonly name?: string; readonly contentSize?: string }[] };
  const listed = graph.filter((entity) => entity["@type"] === "File").map(({ name, contentSize }) => `${name} ${contentSize}`);
  return listed.join("\n") === runPaths(folder).map((file) => `${file} ${statSync(join(folder, file)).size}`).join("\n");
}

/**
 * Writes a finished run's crate where it does not tell what the directory holds; somebody else's runs may be read and not be
 * written to, and stay as they are.
 */
export async function refreshRecord(folder: string, options: Omit<RecordOptions, "error"> = {}): Promise<void> {
  await Promise.resolve().then(() => isCurrent(folder) || recordRun(folder, options)).catch(() => false);
}

/** Keeps beside a training where it came from. */
export function recorder(folder: string, options: Omit<RecordOptions, "error"> = {}): RunRecorder {
  return {
    began: () => beginRecord(folder, options.environment),
    async finished({ before }) {
      if (before) await refreshRecord(folder, options);
      else await recordRun(folder, options);
    },
    async failed(error) {
      if (!(error instanceof Error && interrupts.includes(error.name))) await recordRun(folder, { ...options, error }).catch(() => false); // the first error is the one to tell
    },
  };
}
