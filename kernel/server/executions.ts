import { InterruptedError } from "../language/interrupts.ts";
import { cellLabel } from "../language/link.ts";
import type { CellRequest, Outcome, ToInterpreter } from "../language/link.ts";
import type { Header, JsonObject, Received } from "../protocol/messages.ts";
import { brokenOutcome, createExecution, finished, interruptedOutcome, parentOf } from "./execution.ts";
import type { Execution, Finished } from "./execution.ts";
import type { Debugging } from "./debug/debugging.ts";
import { helpRequest, pagePayload } from "./help.ts";
import type { HelpRequest } from "./help.ts";
import type { History } from "./history.ts";
import type { IoPub } from "./iopub.ts";
import type { Language } from "./language.ts";
import type { CellPlan, Planner } from "./planner.ts";
import { TypeGate } from "./type-gate.ts";
import { aborted } from "./within.ts";

/** What cells need on their way. */
export interface ExecutionParts {
  readonly iopub: IoPub;
  readonly history: History;
  readonly language: Language;
  readonly planner: Planner;
  readonly debugging: Debugging;
}

/** How many past cells are remembered as parents of late output. */
const rememberedCells = 1000;

/** Runs execute requests: magics and types first, then code, on the main thread. Cells of different subshells run at the same time. */
export class Executions {
  readonly #post: (message: ToInterpreter) => void;
  readonly #quiet: () => Promise<void>;
  readonly #iopub: IoPub;
  readonly #history: History;
  readonly #language: Language;
  readonly #planner: Planner;
  readonly #debugging: Debugging;
  readonly #gate: TypeGate;
  readonly #parents = new Map<number, Received>();
  readonly #open = new Map<number, Execution>();
  #ids = 0;
  #count = 0;

  /** @param quiet resolves when no interrupt is under way */
  constructor(post: (message: ToInterpreter) => void, quiet: () => Promise<void>, { iopub, history, language, planner, debugging }: ExecutionParts) {
    this.#quiet = quiet;
    this.#post = post;
    this.#iopub = iopub;
    this.#history = history;
    this.#language = language;
    this.#planner = planner;
    this.#debugging = debugging;
    this.#gate = new TypeGate(language);
  }

  /** The cells that the main thread is evaluating. */
  get running(): readonly number[] {
    return [...this.#open.values()].filter(({ started }) => started).map(({ cell }) => cell.id);
  }

  /** The newest of the requests that are being handled, from type check to reply. */
  get current(): Header | undefined {
    const newest = [...this.#open.values()].at(-1);
    return newest && parentOf(newest);
  }

  /** The newest request, whether its cell still runs or not. */
  get newest(): Header | undefined {
    return this.requestOf(this.#ids)?.message.header;
  }

  /** The request whose cell has this id, as long as it is remembered. */
  requestOf(cell: number): Received | undefined {
    return this.#parents.get(cell);
  }

  /** The parent of what a cell says: its request, or the newest where the cell is forgotten, as frontends show nothing without one. */
  parentFor(cell: number): Header | undefined {
    return this.requestOf(cell)?.message.header ?? this.newest;
  }

  /** Runs one request to its end and resolves with the reply's content; publishes everything in between. */
  async execute(request: Received): Promise<Finished> {
    const execution = this.#begin(request);
    const { cell, silent, shownCount } = execution;
    const parent = parentOf(execution);
    if (!silent) this.#iopub.publish("execute_input", { code: cell.code, execution_count: shownCount }, parent);
    const help = helpRequest(cell.code);
    const outcome = await (help ? this.#help(help, execution) : this.#outcome(execution)).catch(brokenOutcome);
    this.#open.delete(cell.id);
    if (outcome.status === "error" && !silent) this.#iopub.publish("error", errorOf(outcome), parent);
    return finished(execution, outcome);
  }

  /** The result of a running cell's last expression. */
  result(cell: number, data: JsonObject, metadata: JsonObject): void {
    const execution = this.#open.get(cell);
    if (execution === undefined || execution.silent) return;
    if (execution.counted) this.#history.addOutput(execution.count, data["text/plain"]);
    this.#iopub.publish("execute_result", { data, metadata, execution_count: execution.shownCount }, parentOf(execution));
  }

  /** The main thread has finished a cell. */
  done(cell: number, outcome: Outcome): void {
    this.#open.get(cell)?.finish(outcome);
  }

  /** Ends the cells whose magics run or whose types are still being checked. */
  interrupt(): void {
    for (const execution of this.#open.values()) if (!execution.started) execution.interrupted.abort(new InterruptedError());
  }

  #begin(request: Received): Execution {
    const execution = createExecution(request, ++this.#ids, this.#count);
    this.#count = execution.count;
    if (execution.counted) this.#history.add(execution.count, execution.cell.code);
    this.#remember(execution);
    this.#open.set(execution.cell.id, execution);
    return execution;
  }

  /** Shows in the pager what a name means, as Shift+Tab does at the name itself. */
  async #help({ name, detail }: HelpRequest, execution: Execution): Promise<Outcome> {
    const { interrupted: { signal } } = execution;
    const shown = await Promise.race([this.#language.client.inspect({ code: name }, name.length, detail), aborted(signal)]);
    if (signal.aborted || shown === undefined) return interruptedOutcome;
    if (shown.found) execution.payload.push(pagePayload(shown.data));
    else this.#iopub.stream("stdout", `${name} is not found.\n`, parentOf(execution));
    return { status: "ok", expressions: {} };
  }

  async #outcome(execution: Execution): Promise<Outcome> {
    const { interrupted, request: { message } } = execution;
    const ended = new Promise<Outcome>((resolve) => { execution.finish = resolve; });
    await this.#quiet();
    const plan = await this.#planner.plan(execution.cell, message, interrupted.signal);
    const cell = { ...execution.cell, tsx: plan.settings.tsx };
    const refusal = await this.#refusal(cell, plan, execution);
    if (refusal) {
      this.#post({ type: "discard", id: cell.id });
      return refusal;
    }
    execution.started = true;
    const started = performance.now();
    this.#post({ type: "run", id: cell.id, ready: execution.ready });
    execution.ready = undefined;
    // At once: completion, and cells of other subshells, know the declarations of a cell that takes long.
    this.#language.commit({ code: cell.code, name: cellLabel(cell), tsx: cell.tsx });
    const outcome = await ended;
    plan.ended(performance.now() - started);
    return outcome;
  }

  /** The outcome of a cell that must not run, or undefined: then the main thread has its script. */
  async #refusal(cell: CellRequest, { failure, settings }: CellPlan, execution: Execution): Promise<Outcome | undefined> {
    const { interrupted: { signal }, request } = execution;
    if (signal.aborted) return interruptedOutcome;
    if (failure) return { status: "error", ...failure };
    const warn = (text: string): void => this.#iopub.stream("stderr", text, request.message.header);
    const gate = this.#gate.refusal(cell, settings.typecheck, warn);
    const compiling = this.#language.compile(cell);
    const refusal = await Promise.race([gate, aborted(signal)]);
    if (refusal) return refusal;
    const script = await Promise.race([compiling, aborted(signal)]);
    if (signal.aborted) return interruptedOutcome;
    const bound = this.#debugging.expect(cell);
    if (bound === undefined) {
      execution.ready = { cell, script };
      return undefined;
    }
    this.#post({ type: "prepare", cell, script, report: true });
    await Promise.race([bound, aborted(signal)]);
    return signal.aborted ? interruptedOutcome : undefined;
  }

  #remember({ cell: { id }, request }: Execution): void {
    // What a cell says may be long, and is not needed any more when it has ended.
    this.#parents.set(id, { ...request, message: { ...request.message, content: {}, metadata: {}, buffers: [] } });
    this.#parents.delete(id - rememberedCells);
  }
}

function errorOf({ ename, evalue, traceback }: Extract<Outcome, { status: "error" }>): JsonObject {
  return { ename, evalue, traceback };
}
