import { AsyncLocalStorage } from "node:async_hooks";
import { isShown } from "../display/mime.ts";
import type { ErrorContent } from "../protocol/messages.ts";
import type { Thrown } from "./evaluator.ts";
import { Evaluator } from "./evaluator.ts";
import { InterruptedError } from "./interrupts.ts";
import type { Interrupts } from "./interrupts.ts";
import type { CellRequest, ExpressionResult, MimeBundle, Outcome, SharedState } from "./link.ts";
import { slot } from "./link.ts";
import type { NotebookModules } from "./modules.ts";
import { runtimeName } from "./module-to-cell.ts";
import type { CellRuntime } from "./module-to-cell.ts";
import { cellUrlOf, codeFrame } from "./traceback.ts";
import type { Tracebacks } from "./traceback.ts";
import { CellSyntaxError, compileCell } from "./transpile.ts";
import type { Compiled } from "./transpile.ts";

/** A value as the frontend shows it. */
export interface Rendered {
  readonly data: MimeBundle;
  readonly metadata: Record<string, unknown>;
}

/** What a session needs from its surroundings. */
export interface SessionParts {
  readonly interrupts: Interrupts;
  readonly tracebacks: Tracebacks;
  readonly modules: NotebookModules;
  readonly shared: SharedState;
  /** Turns a result into a MIME bundle. */
  render(value: unknown): Promise<Rendered>;
  /** Waits until everything displayed has been sent. */
  flush(): Promise<void>;
}

const forcedMessage = "interrupted by force: the cell did not stop by itself";

// Before Node 24 an active AsyncLocalStorage makes terminating an asynchronous cell abort the process.
const tracksCells = Number(process.versions.node.split(".", 1)[0]) >= 24;

/** A module REPL: cells are evaluated one after another and share their top-level bindings. */
export class CellSession {
  readonly #parts: SessionParts;
  readonly #evaluator = new Evaluator();
  readonly #runtime: CellRuntime;
  readonly #origin = new AsyncLocalStorage<number>();
  readonly #compiled = new Map<number, Compiled | CellSyntaxError>();
  #current = 0;
  #terminations = 0;
  #running: { id: number; settle: (outcome: Outcome) => void } | undefined;

  constructor(parts: SessionParts) {
    this.#parts = parts;
    this.#runtime = createRuntime(parts);
    Object.defineProperty(globalThis, runtimeName, { value: this.#runtime, configurable: true });
  }

  /** The cell that what happens now belongs to: the one that started it (Node ≥ 24), or else the newest. */
  get cell(): number {
    return this.#origin.getStore() ?? this.#current;
  }

  /** Compiles a cell ahead of {@link run}. */
  prepare(cell: CellRequest): void {
    this.#compiled.set(cell.id, this.#compile(cell.code, cell.id));
  }

  discard(id: number): void {
    this.#compiled.delete(id);
  }

  /** Evaluates a prepared cell. `show` receives the value of its last expression, unless that is undefined. Never rejects. */
  async run(cell: CellRequest, show: (result: Rendered) => void): Promise<Outcome> {
    this.#current = cell.id;
    const compiled = this.#compiled.get(cell.id) ?? this.#compile(cell.code, cell.id);
    this.#compiled.delete(cell.id);
    const label = cell.count === undefined ? "cell" : `In [${cell.count}]`;
    if (compiled instanceof CellSyntaxError) return syntaxOutcome(compiled, cell.code, label);
    this.#parts.tracebacks.register(cell.id, { label, source: cell.code, compiled });
    const outcome = await new Promise<Outcome>((resolve) => {
      this.#running = { id: cell.id, settle: resolve };
      this.#parts.interrupts.begin(cell.id);
      void this.#evaluate(cell, compiled, show).then(resolve);
    });
    this.#running = undefined;
    this.#parts.interrupts.end();
    return outcome;
  }

  /** Ends a cell that an interrupt could not end; its top level stops at its next await. False when it is not running. */
  abandon(id: number, terminated: boolean): boolean {
    if (this.#running?.id !== id) return false;
    this.#parts.interrupts.abandon(id);
    this.#evaluator.forget();
    const error = new InterruptedError(terminated ? this.#forced() : "interrupted: the cell did not stop by itself and was left where it waits");
    this.#running.settle({ status: "error", ...this.#parts.tracebacks.describe(quiet(error)) });
    return true;
  }

  /** Termination skips `finally` blocks, which matters to whoever would have honoured the flag: TensorFlow. */
  #forced(): string {
    if (Atomics.load(this.#parts.shared.control, slot.cooperative) === 0) return forcedMessage;
    return `${forcedMessage}. TensorFlow's state may be lost: restart the kernel if later cells fail`;
  }

  /** To be called first in every message event: a terminated cell never ends by itself. */
  noticeTermination(): void {
    const terminations = Atomics.load(this.#parts.shared.control, slot.terminations);
    if (terminations === this.#terminations) return;
    this.#terminations = terminations;
    if (this.#running) this.abandon(this.#running.id, true);
  }

  readonly #isInterrupted = (): boolean => Atomics.load(this.#parts.shared.flag, 0) !== 0;

  async #evaluate(cell: CellRequest, compiled: Compiled, show: (result: Rendered) => void): Promise<Outcome> {
    this.#runtime.result = undefined;
    const evaluate = () => this.#evaluator.evaluate(compiled.code, cellUrlOf(cell.id), this.#isInterrupted);
    const thrown = await (tracksCells ? this.#origin.run(cell.id, evaluate) : evaluate());
    if (thrown?.terminated) return { status: "error", ...this.#parts.tracebacks.describe(quiet(new InterruptedError(this.#forced()))) };
    if (thrown === undefined) await this.#show(cell, show);
    await this.#parts.flush();
    if (thrown) return { status: "error", ...this.#describe(thrown) };
    return { status: "ok", expressions: await this.#expressions(cell) };
  }

  async #show(cell: CellRequest, show: (result: Rendered) => void): Promise<void> {
    const { result } = this.#runtime;
    this.#runtime.result = undefined;
    if (result === undefined || isShown(result)) return;
    const rendered = await this.#parts.render(result);
    if (this.#running?.id === cell.id) show(rendered);
  }

  async #expressions(cell: CellRequest): Promise<Record<string, ExpressionResult>> {
    const results: Record<string, ExpressionResult> = {};
    for (const [name, code] of Object.entries(cell.expressions)) results[name] = await this.#expression(code, cell.id);
    return results;
  }

  async #expression(code: string, id: number): Promise<ExpressionResult> {
    const compiled = this.#compile(code, id);
    if (compiled instanceof CellSyntaxError) return { status: "error", ename: compiled.name, evalue: compiled.message, traceback: [compiled.message] };
    this.#runtime.result = undefined;
    const thrown = await this.#evaluator.evaluate(compiled.code, "potstill-expression", this.#isInterrupted);
    if (thrown) return { status: "error", ...this.#describe(thrown) };
    return { status: "ok", ...(await this.#parts.render(this.#runtime.result)) };
  }

  #describe(thrown: Thrown): ErrorContent {
    return this.#critically(() => this.#parts.tracebacks.describe(thrown.value));
  }

  #compile(code: string, id: number): Compiled | CellSyntaxError {
    try {
      return this.#critically(() => compileCell(code, id));
    } catch (error) {
      if (error instanceof CellSyntaxError) return error;
      throw error;
    }
  }

  /** Runs the kernel's own code, which the guardian must not terminate. */
  #critically<T>(work: () => T): T {
    Atomics.add(this.#parts.shared.control, slot.critical, 1);
    try {
      return work();
    } finally {
      Atomics.sub(this.#parts.shared.control, slot.critical, 1);
    }
  }
}

function createRuntime({ modules, interrupts }: SessionParts): CellRuntime {
  return {
    result: undefined,
    meta: modules.meta,
    import: modules.import,
    named: modules.named,
    top: (cell, value) => interrupts.top(cell, value),
    inner: (value) => interrupts.inner(value),
    each: (cell, iterable) => interrupts.each(cell, iterable),
  };
}

function quiet(error: Error): Error {
  error.stack = `${error.name}: ${error.message}`;
  return error;
}

function syntaxOutcome(error: CellSyntaxError, code: string, label: string): Outcome {
  const frame = codeFrame(code, label, error, error.endColumn - error.column);
  return { status: "error", ename: error.name, evalue: error.message, traceback: [...frame, `${error.name}: ${error.message}`] };
}
