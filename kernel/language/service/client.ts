import { Worker } from "node:worker_threads";
import type { MimeBundle } from "../../display/mime.ts";
import type { DebugMethod, DebugSource } from "../debug-source.ts";
import type { CellNature, Precompiled } from "../precompiled.ts";
import type { Project } from "../project.ts";
import type { Cell, Source } from "./core.ts";
import type { CellDiagnostic } from "./findings.ts";
import { Losses } from "./losses.ts";
import { workerFile } from "./locations.ts";
import type { Answer, Method, Question, WorkerStart } from "./messages.ts";

export type { Completions } from "./completion.ts";
export type { Cell, Source } from "./core.ts";
export type { CellDiagnostic, CellNote } from "./findings.ts";

/** Types, completion and inspection of a notebook's cells, computed in a thread of their own. Cursors are UTF-16 offsets. */
export type LanguageClient = {
  /** Syntax errors, or else type errors, of a cell that has not run yet. */
  check(cell: Cell): Promise<readonly CellDiagnostic[]>;
  /** Makes a cell's declarations visible to all later questions. */
  commit(cell: Cell): void;
  complete(source: Source, cursor: number): Promise<{ matches: readonly string[]; start: number; end: number; metadata: Record<string, unknown> }>;
  inspect(source: Source, cursor: number, detail: 0 | 1): Promise<{ found: boolean; data: MimeBundle }>;
  isComplete(source: Source): Promise<{ status: "complete" | "incomplete" | "invalid" | "unknown"; indent?: string }>;
  /** Reads the folder's tsconfig.json, if it has changed, and applies it. */
  configure(): Promise<Project>;
  /** Reads the folder's packages anew. */
  packagesChanged(): void;
  /** A cell as the script that V8 will run. */
  compile(code: string, nature: CellNature): Promise<Precompiled>;
  /** What the debugger must know of code. */
  debug<M extends DebugMethod>(method: M, text: string): Promise<ReturnType<DebugSource[M]>>;
  /** Ends the thread; open questions are rejected. */
  dispose(): Promise<void>;
};

type Pending = { resolve: (value: unknown) => void; reject: (error: Error) => void };

/**
 * Starts the language thread, which reads TypeScript's libraries in the background; it never keeps the process alive.
 * @param options `cwd`: the notebook's folder; `committed`: the cells that ran before; `checks`: false when no types are
 * going to be checked, so that the libraries need not be read ahead
 */
export function startLanguageService({ cwd, committed = [], checks = true }: { cwd: string; committed?: readonly Cell[]; checks?: boolean }): LanguageClient {
  return new WorkerClient({ cwd, committed, checks });
}

/**
 * Long sums and deep types need stack. What is young in V8's heap lives on here, or dies soon: the usual 48 MB for it
 * would stay with an idle kernel, and save it no time.
 */
const resourceLimits = { stackSizeMb: 16, maxYoungGenerationSizeMb: 12 };

class WorkerClient implements LanguageClient {
  readonly #about: WorkerStart;
  readonly #pending = new Map<number, Pending>();
  readonly #committed: Cell[];
  #worker: Worker | undefined;
  readonly #losses = new Losses();
  #questions = 0;
  #disposed = false;

  constructor(about: WorkerStart) {
    this.#about = about;
    this.#committed = [...about.committed];
    this.#start();
  }

  check(cell: Cell): Promise<readonly CellDiagnostic[]> { return this.#ask("check", [cell]); }
  complete(source: Source, cursor: number): ReturnType<LanguageClient["complete"]> { return this.#ask("complete", [source, cursor]); }
  inspect(source: Source, cursor: number, detail: 0 | 1): ReturnType<LanguageClient["inspect"]> { return this.#ask("inspect", [source, cursor, detail]); }
  isComplete(source: Source): ReturnType<LanguageClient["isComplete"]> { return this.#ask("isComplete", [source]); }
  configure(): Promise<Project> { return this.#ask("configure", []); }
  compile(code: string, nature: CellNature): Promise<Precompiled> { return this.#ask("compile", [code, nature]); }
  debug<M extends DebugMethod>(method: M, text: string): Promise<ReturnType<DebugSource[M]>> { return this.#ask(method, [text]); }

  commit(cell: Cell): void {
    this.#committed.push(cell);
    this.#ask<undefined>("commit", [cell]).catch(() => undefined); // a lost thread starts again with all committed cells
  }

  packagesChanged(): void {
    this.#ask<undefined>("packagesChanged", []).catch(() => undefined); // a lost thread reads everything anew
  }

  async dispose(): Promise<void> {
    this.#disposed = true;
    await this.#worker?.terminate();
    this.#fail(new Error("The language service was closed."));
  }

  #start(): Worker {
    const worker = new Worker(workerFile(), { workerData: { ...this.#about, committed: this.#committed } satisfies WorkerStart, resourceLimits });
    worker.unref();
    worker.on("message", (answer: Answer) => this.#settle(answer));
    worker.on("error", (error) => this.#lose(worker, error));
    worker.on("exit", (code) => this.#lose(worker, new Error(`The language thread ended with code ${code}.`)));
    return (this.#worker = worker);
  }

  /** An answer, or an error, to the question; while any is open the process stays alive for it. */
  #ask<T>(method: Method, args: readonly unknown[]): Promise<T> {
    if (this.#disposed) return Promise.reject(new Error("The language service was closed."));
    if (this.#worker === undefined && this.#losses.mustWait()) return Promise.reject(new Error(this.#losses.reason));
    const worker = this.#worker ?? this.#start();
    const id = ++this.#questions;
    return new Promise<T>((resolve, reject) => {
      this.#pending.set(id, { resolve: (value) => resolve(value as T), reject });
      worker.ref();
      worker.postMessage({ id, method, args } satisfies Question);
    });
  }

  #settle(answer: Answer): void {
    this.#losses.clear();
    const pending = this.#pending.get(answer.id);
    this.#pending.delete(answer.id);
    if (this.#pending.size === 0) this.#worker?.unref();
    if ("error" in answer) pending?.reject(new Error(`The language service failed: ${answer.error}`));
    else pending?.resolve(answer.value);
  }

  #lose(worker: Worker, error: Error): void {
    if (worker !== this.#worker) return;
    this.#worker = undefined;
    this.#losses.add(error);
    this.#fail(error);
  }

  #fail(error: Error): void {
    const open = [...this.#pending.values()];
    this.#pending.clear();
    for (const { reject } of open) reject(error);
  }
}
