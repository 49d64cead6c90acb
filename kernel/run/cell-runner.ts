import { DeadKernelError, StdinNotImplementedError } from "../client/index.ts";
import type { Kernel } from "../client/index.ts";
import { within } from "../client/timing.ts";
import { parentId } from "../client/request.ts";
import { asString } from "../protocol/messages.ts";
import type { Message } from "../protocol/messages.ts";
import { hasTag } from "../notebook/index.ts";
import type { Cell, CodeCell, ErrorOutput, Output } from "../notebook/index.ts";
import { CellTimeoutError, RunInterrupted } from "./errors.ts";
import { OutputArea } from "./outputs.ts";

/** How a cell ended. An `error` stops the run; `exit` (a clean SystemExit) stops it without being an error. */
export type CellOutcome = { kind: "ok" } | { kind: "exit" } | { kind: "interrupted"; error: ErrorOutput } | { kind: "error"; error: ErrorOutput };

export interface CellRunnerOptions {
  /** Seconds; undefined for no limit. */
  timeout?: number | undefined;
  signal?: AbortSignal | undefined;
  /** Called after each message that changed a cell's outputs. */
  onOutput: (cell: CodeCell, output: Output | undefined, message: Message) => void;
  /** Called with every message of a comm, whoever caused it. */
  onComm: (message: Message) => void;
}

/** How long an interrupted kernel may take to come to rest before it is killed (ms). */
const interruptGrace = 5000;

/** A cell that is to be run: code that is not blank and not tagged to be skipped. */
export function isExecutable(cell: Cell): cell is CodeCell {
  return cell.cell_type === "code" && cell.source.trim() !== "" && !hasTag(cell, "skip-execution");
}

/** Runs cells one after another in a kernel and records in each what it gave and when. */
export class CellRunner {
  readonly #kernel: Kernel;
  readonly #options: CellRunnerOptions;
  readonly #area = new OutputArea();
  readonly #cells = new Map<string, CodeCell>();
  #halt: (reason: Error) => void = () => undefined;

  constructor(kernel: Kernel, options: CellRunnerOptions) {
    this.#kernel = kernel;
    this.#options = options;
    kernel.onOutput = (message) => this.#receive(message);
    kernel.onInput = () => this.#halt(new StdinNotImplementedError("The cell asks for input, and a notebook run has nobody to type it. Pass the value as a parameter."));
  }

  /** Runs one cell. Never throws for what the cell, the kernel, a timeout or an interrupt does: these are outcomes. */
  async run(cell: CodeCell): Promise<CellOutcome> {
    cell.metadata.execution = {};
    cell.outputs = [];
    const outcome = await this.#attempt(cell);
    this.#area.finish(cell);
    return outcome;
  }

  async #attempt(cell: CodeCell): Promise<CellOutcome> {
    const stopped = this.#stopped();
    try {
      this.#options.signal?.throwIfAborted();
      const expected = hasTag(cell, "raises-exception");
      const running = this.#kernel.execute(cell.source, { stopOnError: !expected, metadata: kernelMetadata(cell), onSent: (id) => this.#cells.set(id, cell) });
      running.catch(() => undefined);
      const reply = await Promise.race([running, stopped.reason]).catch(async (error: unknown) => {
        if (!(error instanceof DeadKernelError)) await this.#bringToRest(running);
        throw error;
      });
      return judge(cell, reply, expected);
    } catch (error) {
      return broken(cell, error, this.#options.signal);
    } finally {
      stopped.release();
    }
  }

  /** A promise that rejects when the cell must stop for a reason outside it. */
  #stopped(): { reason: Promise<never>; release: () => void } {
    const { timeout, signal } = this.#options;
    let timer: NodeJS.Timeout | undefined;
    const abort = (): void => this.#halt(new RunInterrupted("The run was interrupted."));
    const reason = new Promise<never>((_, reject) => {
      this.#halt = reject;
      if (timeout !== undefined && timeout > 0) timer = setTimeout(() => reject(new CellTimeoutError(`The cell did not finish within ${timeout} s.`)), timeout * 1000);
    });
    reason.catch(() => undefined);
    signal?.addEventListener("abort", abort, { once: true });
    return { reason, release: () => { clearTimeout(timer); signal?.removeEventListener("abort", abort); } };
  }

  /** Interrupts the kernel so that its last outputs arrive; one that does not listen is killed. */
  async #bringToRest(running: Promise<Message>): Promise<void> {
    this.#kernel.interrupt();
    await within(running.catch(() => undefined), interruptGrace).catch(() => this.#kernel.kill());
  }

  #receive(message: Message): void {
    if (message.header.msg_type.startsWith("comm_")) this.#options.onComm(message);
    const cell = this.#cells.get(parentId(message) ?? "");
    if (cell === undefined) return;
    recordTime(cell, message);
    if (Number.isInteger(message.content.execution_count)) cell.execution_count = message.content.execution_count as number;
    const output = this.#area.apply(cell, message);
    try {
      this.#options.onOutput(cell, output, message);
    } catch (error) {
      this.#halt(error as Error); // a listener that cannot go on (a log file on a full disk) ends the run
    }
  }

  /** Notes when the reply came, as nbclient does. */
  static replied(cell: CodeCell, reply: Message): void {
    execution(cell)["shell.execute_reply"] = zulu(reply.header.date);
  }
}

/** What the kernel is told about a cell beside its code: what JupyterLab would tell that concerns it. */
function kernelMetadata({ id, metadata: { potstill } }: CodeCell): Record<string, unknown> {
  return { ...(id === undefined ? {} : { cellId: id }), ...(potstill === undefined ? {} : { potstill }) };
}

const execution = (cell: CodeCell): Record<string, string> => cell.metadata.execution as Record<string, string>;
const zulu = (date: string): string => date.replace(/\+00:00$/, "Z");

function recordTime(cell: CodeCell, { header, content }: Message): void {
  const key = header.msg_type === "execute_input" ? "iopub.execute_input" : header.msg_type === "status" && content.execution_state !== "starting" ? `iopub.status.${String(content.execution_state)}` : undefined;
  if (key !== undefined) execution(cell)[key] = zulu(header.date);
}

function lastError(cell: CodeCell): ErrorOutput | undefined {
  return cell.outputs.findLast((output): output is ErrorOutput => output.output_type === "error");
}

/** A reply that says error, or an error output, fails the cell, unless the cell is tagged to raise one. */
function judge(cell: CodeCell, reply: Message, expected: boolean): CellOutcome {
  CellRunner.replied(cell, reply);
  if (Number.isInteger(reply.content.execution_count)) cell.execution_count = reply.content.execution_count as number;
  if (reply.content.status === "ok" || expected) return { kind: "ok" };
  const shown = lastError(cell);
  const said = { output_type: "error", ename: asString(reply.content.ename, "CellExecutionError"), evalue: asString(reply.content.evalue), traceback: (reply.content.traceback as string[] | undefined) ?? [] } as const;
  const error: ErrorOutput = shown ?? { ...said, traceback: [...said.traceback] };
  if (shown === undefined) cell.outputs.push(error);
  return error.ename === "SystemExit" && (error.evalue === "" || error.evalue === "0") ? { kind: "exit" } : { kind: "error", error };
}

/** The cell was stopped, or its kernel died: that is what its outputs say. */
function broken(cell: CodeCell, error: unknown, signal: AbortSignal | undefined): CellOutcome {
  const interrupted = error instanceof RunInterrupted || (signal?.aborted === true && error === signal.reason);
  const shown = interrupted ? lastError(cell) : undefined;
  const { name, message } = interrupted ? new RunInterrupted("The run was interrupted.") : (error as Error);
  const output: ErrorOutput = shown ?? { output_type: "error", ename: name, evalue: message, traceback: [`${name}: ${message}`] };
  if (shown === undefined) cell.outputs.push(output);
  return { kind: interrupted ? "interrupted" : "error", error: output };
}
