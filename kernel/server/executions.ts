import { InterruptedError } from "../language/interrupts.ts";
import type { CellRequest, Outcome, ToInterpreter } from "../language/link.ts";
import type { Header, JsonObject, Received } from "../protocol/messages.ts";
import { asBoolean, asObject, asString } from "../protocol/messages.ts";
import type { IoPub } from "./iopub.ts";
import type { Language } from "./language.ts";
import type { CellPlan, Planner } from "./planner.ts";
import { TypeGate } from "./type-gate.ts";

/** A cell between `execute_request` and `execute_reply`. */
interface Execution {
  readonly cell: CellRequest;
  readonly request: Received;
  readonly silent: boolean;
  readonly stopOnError: boolean;
  /** Aborted by an interrupt that comes before the cell's code has started. */
  readonly interrupted: AbortController;
  finish: (outcome: Outcome) => void;
}

/** How many past cells are remembered as parents of late output. */
const rememberedCells = 1000;

/** Runs execute requests, one at a time: magics and types first, then code, on the main thread. */
export class Executions {
  readonly #post: (message: ToInterpreter) => void;
  readonly #quiet: () => Promise<void>;
  readonly #iopub: IoPub;
  readonly #language: Language;
  readonly #planner: Planner;
  readonly #gate: TypeGate;
  readonly #parents = new Map<number, Received>();
  #ids = 0;
  #count = 0;
  #running: Execution | undefined;
  #started = false;

  /** @param quiet resolves when no interrupt is under way */
  constructor(post: (message: ToInterpreter) => void, quiet: () => Promise<void>, { iopub, language, planner }: { iopub: IoPub; language: Language; planner: Planner }) {
    this.#quiet = quiet;
    this.#post = post;
    this.#iopub = iopub;
    this.#language = language;
    this.#planner = planner;
    this.#gate = new TypeGate(language);
  }

  /** The cell that the main thread is evaluating. */
  get running(): number | undefined {
    return this.#started ? this.#running?.cell.id : undefined;
  }

  /** The request that is being handled, from its type check to its reply. */
  get current(): Header | undefined {
    return this.#running?.request.message.header;
  }

  /** The request whose cell has this id, as long as it is remembered. */
  requestOf(cell: number): Received | undefined {
    return this.#parents.get(cell);
  }

  /** Runs one request to its end and resolves with the reply's content; publishes everything in between. */
  async execute(request: Received): Promise<{ reply: JsonObject; abortQueue: boolean }> {
    const execution = this.#begin(request);
    const parent = request.message.header;
    const { cell } = execution;
    if (!execution.silent) this.#iopub.publish("execute_input", { code: cell.code, execution_count: this.#count }, parent);
    const outcome = await this.#outcome(execution);
    this.#running = undefined;
    this.#started = false;
    const reply = { execution_count: this.#count, ...replyOf(outcome) };
    if (outcome.status === "error" && !execution.silent) this.#iopub.publish("error", errorOf(outcome), parent);
    return { reply, abortQueue: outcome.status === "error" && execution.stopOnError };
  }

  /** The result of the running cell's last expression. */
  result(cell: number, data: JsonObject, metadata: JsonObject): void {
    const execution = this.#running;
    if (execution?.cell.id !== cell || execution.silent) return;
    this.#iopub.publish("execute_result", { data, metadata, execution_count: this.#count }, execution.request.message.header);
  }

  /** The main thread has finished a cell. */
  done(cell: number, outcome: Outcome): void {
    if (this.#running?.cell.id === cell) this.#running.finish(outcome);
  }

  /** Ends a cell whose magics run or whose types are still being checked. */
  interrupt(): void {
    if (this.#running === undefined || this.#started) return;
    this.#running.interrupted.abort(new InterruptedError());
  }

  #begin(request: Received): Execution {
    const { content } = request.message;
    const silent = asBoolean(content.silent, false);
    const counted = !silent && asBoolean(content.store_history, true);
    if (counted) this.#count++;
    const cell: CellRequest = {
      id: ++this.#ids,
      count: silent ? undefined : this.#count,
      code: asString(content.code),
      allowStdin: asBoolean(content.allow_stdin, true),
      expressions: stringFields(content.user_expressions),
      tsx: false,
    };
    this.#remember(cell.id, request);
    this.#running = { cell, request, silent, stopOnError: asBoolean(content.stop_on_error, true), interrupted: new AbortController(), finish: () => undefined };
    return this.#running;
  }

  async #outcome(execution: Execution): Promise<Outcome> {
    const { interrupted, request: { message } } = execution;
    const finished = new Promise<Outcome>((resolve) => { execution.finish = resolve; });
    await this.#quiet();
    const plan = await this.#planner.plan(execution.cell, message, interrupted.signal);
    const cell = { ...execution.cell, tsx: plan.settings.tsx };
    const refusal = await this.#refusal(cell, plan, execution);
    if (refusal) {
      this.#post({ type: "discard", id: cell.id });
      return refusal;
    }
    this.#started = true;
    const started = performance.now();
    this.#post({ type: "run", id: cell.id });
    const outcome = await finished;
    plan.ended(performance.now() - started);
    this.#language.commit(cell.code, `cell-${cell.id}`);
    return outcome;
  }

  /** The outcome of a cell that must not run, or undefined. The main thread compiles while the language thread looks for type errors. */
  async #refusal(cell: CellRequest, { failure, settings }: CellPlan, { interrupted: { signal }, request }: Execution): Promise<Outcome | undefined> {
    if (signal.aborted) return interruptedOutcome;
    if (failure) return { status: "error", ...failure };
    this.#post({ type: "prepare", cell });
    const warn = (text: string): void => this.#iopub.stream("stderr", text, request.message.header);
    const refusal = await Promise.race([this.#gate.refusal(cell, settings.typecheck, warn), aborted(signal)]);
    return signal.aborted ? interruptedOutcome : refusal;
  }

  #remember(id: number, request: Received): void {
    this.#parents.set(id, request);
    this.#parents.delete(id - rememberedCells);
  }
}

/** Resolves when the signal is aborted. */
function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    else signal.addEventListener("abort", () => resolve(undefined), { once: true });
  });
}

const interruptedOutcome: Outcome = { status: "error", ename: "InterruptedError", evalue: "interrupted", traceback: ["InterruptedError: interrupted"] };

function replyOf(outcome: Outcome): JsonObject {
  return outcome.status === "ok" ? { status: "ok", user_expressions: outcome.expressions, payload: [] } : { ...outcome, user_expressions: {}, payload: [] };
}

function errorOf({ ename, evalue, traceback }: Extract<Outcome, { status: "error" }>): JsonObject {
  return { ename, evalue, traceback };
}

function stringFields(value: unknown): Record<string, string> {
  const entries = Object.entries(asObject(value) ?? {});
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => typeof entry[1] === "string"));
}
