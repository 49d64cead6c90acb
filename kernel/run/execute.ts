import type { Kernel } from "../client/index.ts";
import type { Cell, CodeCell, Notebook, Output } from "../notebook/index.ts";
import type { Message } from "../protocol/messages.ts";
import { CellRunner, isExecutable } from "./cell-runner.ts";
import type { CellOutcome } from "./cell-runner.ts";
import { describeCell } from "./description.ts";
import { cellRecord, endCell, failCell, now, startCell } from "./papermill-metadata.ts";
import type { Saver } from "./saver.ts";
import type { RunEvent, RunOptions } from "./types.ts";
import { WidgetStates } from "./widget-state.ts";

/** Where a run stopped; without `cellIndex` it went through. */
export interface Outcome {
  status: "completed" | "failed" | "interrupted";
  cellIndex?: number;
  error?: { ename: string; evalue: string; traceback: string[] };
}

const progressMime = "application/vnd.potstill.progress+json";

/** The words of a progress display, if the output is one. */
function progressText(output: Output | undefined): string | undefined {
  if (output === undefined || !("data" in output)) return undefined;
  const { label, text } = (output.data[progressMime] ?? {}) as { label?: unknown; text?: unknown };
  if (typeof text !== "string") return undefined;
  return typeof label === "string" && !text.includes(label) ? `${label}: ${text}` : text;
}

function messageText({ content }: Message): string {
  if (typeof content.text === "string") return content.text;
  const plain = (content.data as Record<string, unknown> | undefined)?.["text/plain"];
  return typeof plain === "string" ? `${plain}\n` : "";
}

/** Runs every cell in order, until one fails; statuses and outputs land in the notebook and are saved as they come. */
export class NotebookExecutor {
  readonly #notebook: Notebook;
  readonly #options: RunOptions;
  readonly #saver: Saver;
  readonly #emit: (event: RunEvent) => void;
  readonly #runner: CellRunner;
  readonly #widgets = new WidgetStates();

  constructor(notebook: Notebook, kernel: Kernel, saver: Saver, options: RunOptions) {
    this.#notebook = notebook;
    this.#options = options;
    this.#saver = saver;
    this.#emit = options.onEvent ?? (() => undefined);
    this.#runner = new CellRunner(kernel, { timeout: options.executionTimeout, signal: options.signal, onOutput: (cell, output, message) => this.#onOutput(cell, output, message), onComm: (message) => this.#onComm(message) });
    delete notebook.metadata.widgets; // of the run before this one, whose outputs are gone
  }

  async execute(): Promise<Outcome> {
    for (const [index, cell] of this.#notebook.cells.entries()) {
      const outcome = await this.#runCell(cell, index);
      if (outcome.kind === "error") return { status: "failed", cellIndex: index, error: outcome.error };
      if (outcome.kind === "interrupted") return { status: "interrupted", cellIndex: index, error: outcome.error };
      if (outcome.kind === "exit") break;
    }
    return { status: "completed" };
  }

  async #runCell(cell: Cell, index: number): Promise<CellOutcome> {
    const started = now();
    startCell(cell, started);
    this.#emit({ type: "cell-start", index, cells: this.#notebook.cells.length, description: describeCell(cell) });
    if (isExecutable(cell)) this.#save();
    const outcome: CellOutcome = isExecutable(cell) ? await this.#runner.run(cell) : { kind: "ok" };
    if (outcome.kind !== "ok") failCell(this.#notebook, cell);
    endCell(cell, started, now());
    if (isExecutable(cell)) this.#save();
    this.#emit({ type: "cell-end", index, status: cellRecord(cell).status, seconds: cellRecord(cell).duration! });
    return outcome;
  }

  #save(): void {
    if (this.#options.saveOnCell ?? true) this.#saver.request();
  }

  #onComm(message: Message): void {
    this.#widgets.apply(message);
    const { metadata } = this.#widgets;
    if (metadata === undefined) delete this.#notebook.metadata.widgets;
    else this.#notebook.metadata.widgets = metadata;
  }

  #onOutput(cell: CodeCell, output: Output | undefined, message: Message): void {
    if ((this.#options.saveOnCell ?? true) && (this.#options.autosaveEvery ?? 30) > 0) this.#saver.requestWhenOlder((this.#options.autosaveEvery ?? 30) * 1000);
    if (output === undefined) return;
    const index = this.#notebook.cells.indexOf(cell);
    const progress = progressText(output);
    if (progress === undefined) this.#emit({ type: "output", index, output, text: messageText(message) });
    else this.#emit({ type: "cell-progress", index, text: progress });
  }
}
