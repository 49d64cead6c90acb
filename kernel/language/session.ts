import { isShown } from "../display/mime.ts";
import type { ErrorContent } from "../protocol/messages.ts";
import { Bindings } from "./bindings.ts";
import { bound } from "./carried-callbacks.ts";
import type { CellContext } from "./cell-context.ts";
import type { Evaluation, Thrown } from "./evaluator.ts";
import { defineForScripts, Evaluator } from "./evaluator.ts";
import { InterruptedError } from "./interrupts.ts";
import type { Interrupts } from "./interrupts.ts";
import type { CellRequest, ExpressionResult, MimeBundle, Outcome, SharedState } from "./link.ts";
import { slot } from "./link.ts";
import type { NotebookModules } from "./modules.ts";
import { projectOf } from "./project.ts";
import { rememberFunctions } from "./function-text.ts";
import { unpack } from "./precompiled.ts";
import type { Precompiled } from "./precompiled.ts";
import { runtimeName } from "./cell-runtime.ts";
import type { CellRuntime } from "./cell-runtime.ts";
import { cellUrlOf, codeFrame } from "./traceback.ts";
import type { Tracebacks } from "./traceback.ts";
import { CellSyntaxError, compileCell } from "./transpile.ts";
import type { CellOptions, CompiledCell } from "./transpile.ts";

/** A value as the frontend shows it. */
export interface Rendered {
  readonly data: MimeBundle;
  readonly metadata: Record<string, unknown>;
}

/** What a session needs from its surroundings. */
export interface SessionParts {
  readonly context: CellContext;
  readonly interrupts: Interrupts;
  readonly tracebacks: Tracebacks;
  readonly modules: NotebookModules;
  readonly shared: SharedState;
  /** Turns a result into a MIME bundle. */
  render(value: unknown): Promise<Rendered>;
  /** Waits until everything displayed has been sent. */
  flush(): Promise<void>;
}

const forcedMessage = "interrupted by force: the code was stopped where it stood, without its finally blocks";

/** A cell between its start and its end. */
interface Running {
  readonly cell: CellRequest;
  /** The value of its last expression. */
  result: unknown;
  evaluation?: Evaluation;
  settle(outcome: Outcome): void;
}

/** A module REPL: cells share their top-level bindings. Several may run at the same time, each waiting for its own. */
export class CellSession {
  readonly #parts: SessionParts;
  readonly #evaluator = new Evaluator();
  readonly #compiled = new Map<number, CompiledCell | CellSyntaxError>();
  readonly #running = new Map<number, Running>();
  readonly #bindings = new Bindings();
  #newest: CellRequest | undefined;
  #terminations = 0;

  constructor(parts: SessionParts) {
    this.#parts = parts;
    defineForScripts(runtimeName, createRuntime(parts, this.#bindings, (cell, value) => this.#keepResult(cell, value)));
  }

  /** The cell that what happens now belongs to: the one that started it if that is known, or else the newest. */
  get cell(): number {
    return this.#parts.context.current() ?? [...this.#running.keys()].at(-1) ?? this.#newest?.id ?? 0;
  }

  /** The request of {@link cell} if it still runs, or else the newest. */
  get request(): CellRequest | undefined {
    return this.#running.get(this.cell)?.cell ?? this.#newest;
  }

  /** Takes a cell's script, or compiles the cell, ahead of {@link run}. */
  prepare(cell: CellRequest, script?: Precompiled): void {
    this.#compiled.set(cell.id, this.#suited(cell, script ? unpack(script, cell.id) : this.#compile(cell, cell.code)));
  }

  /** A prepared cell's script; undefined when the cell has no valid syntax. */
  prepared(id: number): CompiledCell | undefined {
    const compiled = this.#compiled.get(id);
    return compiled instanceof CellSyntaxError ? undefined : compiled;
  }

  discard(id: number): void {
    this.#compiled.delete(id);
  }

  /** Evaluates a prepared cell. `show` receives the value of its last expression, unless that is undefined. Never rejects. */
  async run(cell: CellRequest, show: (result: Rendered) => void): Promise<Outcome> {
    this.#newest = cell;
    const compiled = this.#compiled.get(cell.id) ?? this.#suited(cell, this.#compile(cell, cell.code));
    this.#compiled.delete(cell.id);
    const label = cell.count === undefined ? "cell" : `In [${cell.count}]`;
    if (compiled instanceof CellSyntaxError) return syntaxOutcome(compiled, cell.code, label);
    this.#parts.tracebacks.register(cell.id, { label, source: cell.code, compiled: { map: compiled.map } });
    this.#bindings.declare(compiled.names);
    rememberFunctions(compiled.names.variables, compiled.code);
    const outcome = await new Promise<Outcome>((settle) => {
      const running: Running = { cell, result: undefined, settle };
      this.#running.set(cell.id, running);
      this.#parts.interrupts.begin(cell.id);
      this.#evaluate(running, compiled, show).then(settle, (error: unknown) => settle(this.#failed(error)));
    });
    this.#running.delete(cell.id);
    this.#parts.interrupts.end(cell.id);
    return outcome;
  }

  /** Ends a cell that an interrupt could not end; its top level stops at its next await. False when it is not running. */
  abandon(id: number, terminated: boolean): boolean {
    const running = this.#running.get(id);
    if (running === undefined) return false;
    this.#running.delete(id);
    this.#parts.interrupts.abandon(id);
    running.evaluation?.forget();
    const error = new InterruptedError(terminated ? this.#forced() : "interrupted: the cell did not stop by itself and was left where it waits");
    running.settle({ status: "error", ...this.#parts.tracebacks.describe(quiet(error)) });
    return true;
  }

  /** Termination skips `finally` blocks, which matters to whoever would have honoured the flag: TensorFlow. */
  #forced(): string {
    if (Atomics.load(this.#parts.shared.control, slot.cooperative) === 0) return forcedMessage;
    return `${forcedMessage}. TensorFlow's state may be lost: restart the kernel if later cells fail`;
  }

  /** To be called first in every message event: a terminated cell never ends by itself. */
  noticeTermination(): void {
    this.#parts.context.clear();
    const terminations = Atomics.load(this.#parts.shared.control, slot.terminations);
    if (terminations === this.#terminations) return;
    this.#terminations = terminations;
    // Of several cells those that wait can still be interrupted in the ordinary way.
    const cells = [...this.#running.keys()];
    const stuck = cells.length === 1 ? cells : cells.filter((id) => !this.#parts.interrupts.isWaiting(id));
    for (const id of stuck) this.abandon(id, true);
  }

  readonly #isInterrupted = (): boolean => Atomics.load(this.#parts.shared.flag, 0) !== 0;

  #keepResult(cell: number, value: unknown): void {
    const running = this.#running.get(cell);
    if (running) running.result = value;
  }

  async #evaluate(running: Running, compiled: CompiledCell, show: (result: Rendered) => void): Promise<Outcome> {
    const thrown = await this.#script(running, compiled, cellUrlOf(running.cell.id));
    if (thrown?.terminated) return { status: "error", ...this.#parts.tracebacks.describe(quiet(new InterruptedError(this.#forced()))) };
    if (thrown === undefined) await this.#show(running, show);
    await this.#waited(running, this.#parts.flush());
    if (thrown) return { status: "error", ...this.#describe(thrown, cellUrlOf(running.cell.id)) };
    return { status: "ok", expressions: await this.#expressions(running) };
  }

  #script(running: Running, { code }: CompiledCell, url: string): Promise<Thrown | undefined> {
    const evaluation = this.#parts.context.run(running.cell.id, () => this.#evaluator.evaluate(code, url, this.#isInterrupted));
    running.evaluation = evaluation;
    return evaluation.ended;
  }

  async #show(running: Running, show: (result: Rendered) => void): Promise<void> {
    const { result } = running;
    if (result === undefined || isShown(result)) return;
    const rendered = await this.#render(running, result);
    if (this.#running.has(running.cell.id)) show(rendered);
  }

  #render(running: Running, value: unknown): Promise<Rendered> {
    const { cell } = running;
    return this.#waited(running, this.#parts.context.run(cell.id, () => this.#parts.render(value)));
  }

  /** Waits for what user code may never settle: an interrupt rejects it, as it rejects the cell's own awaits. */
  async #waited<T>({ cell }: Running, work: Promise<T>): Promise<T> {
    try {
      return (await this.#parts.interrupts.top(cell.id, work)) as T;
    } finally {
      this.#parts.interrupts.woke(cell.id);
    }
  }

  async #expressions(running: Running): Promise<Record<string, ExpressionResult>> {
    const results: [string, ExpressionResult][] = [];
    for (const [name, code] of Object.entries(running.cell.expressions)) results.push([name, await this.#expression(code, running)]);
    return Object.fromEntries(results); // also with a name such as __proto__
  }

  async #expression(code: string, running: Running): Promise<ExpressionResult> {
    const compiled = this.#suited(running.cell, this.#compile(running.cell, code));
    if (compiled instanceof CellSyntaxError) return { status: "error", ename: compiled.name, evalue: compiled.message, traceback: [compiled.message] };
    running.result = undefined;
    const thrown = await this.#script(running, compiled, "potstill-expression");
    if (thrown?.terminated) return this.#failed(new InterruptedError());
    if (thrown) return { status: "error", ...this.#describe(thrown) };
    return this.#render(running, running.result).then((rendered) => ({ status: "ok", ...rendered }), (error: unknown) => this.#failed(error));
  }

  /** Not critical: what was thrown may have getters that never end. */
  #describe({ value, position }: Thrown, url = ""): ErrorContent {
    return this.#parts.tracebacks.describe(value, position && { url, position });
  }

  /** The outcome where an interrupt, or the kernel's own failure, came between the script's end and the cell's. */
  #failed(error: unknown): Extract<Outcome, { status: "error" }> {
    const shown = error instanceof InterruptedError ? quiet(error) : error;
    return { status: "error", ...this.#parts.tracebacks.describe(shown) };
  }

  /** The cell's script; another one when it depends on what earlier cells declared, which the language thread does not know. */
  #suited(cell: CellRequest, compiled: CompiledCell | CellSyntaxError): CompiledCell | CellSyntaxError {
    if (compiled instanceof CellSyntaxError) return compiled;
    const { names } = compiled;
    const live = this.#bindings.canFollow(names.imports.length === 0 ? [] : this.#critically(() => this.#parts.modules.live(names.imports)));
    const { constants } = this.#bindings;
    const shadowed = this.#bindings.shadowedIn(cell.code);
    const isAware = shadowed.size === compiled.shadowed.length && compiled.shadowed.every((name) => shadowed.has(name));
    if (live.size === 0 && isAware && !names.assigned.some((name) => constants.has(name))) return compiled;
    return this.#compile(cell, cell.code, { constants, live, shadowed, compilerOptions: compiled.emit });
  }

  /** What the language thread has not compiled (`precompile` there must be given the same options). */
  #compile({ id, tsx }: CellRequest, code: string, known: Pick<CellOptions, "constants" | "live" | "shadowed" | "compilerOptions"> = {}): CompiledCell | CellSyntaxError {
    try {
      return this.#critically(() => compileCell(code, { id, tsx, compilerOptions: projectOf(this.#parts.modules.folder).options, carriesContext: this.#parts.context.needsHelp, ...known }));
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

function createRuntime({ modules, interrupts, context }: SessionParts, bindings: Bindings, result: CellRuntime["result"]): CellRuntime {
  return {
    result,
    meta: modules.meta,
    import: modules.import,
    named: modules.named,
    live: (names, module) => bindings.follow(names, module as Record<string, unknown>),
    constant: (name, value) => bindings.check(name, value),
    target: (name, assign) => bindings.target(name, assign),
    top: (cell, value) => interrupts.top(cell, value),
    woke: (cell, value) => {
      interrupts.woke(cell);
      context.resume(cell);
      return value;
    },
    inner: (value) => interrupts.inner(value),
    cell: () => context.current(),
    back: (cell, value) => {
      context.resume(cell);
      return value;
    },
    bind: (callback) => bound(context, callback),
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
