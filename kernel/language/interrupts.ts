import { createCellContext } from "./cell-context.ts";
import type { CellContext } from "./cell-context.ts";
import type { SharedState } from "./link.ts";
import { slot } from "./link.ts";

/** Thrown out of a cell that was interrupted; shown as Python's KeyboardInterrupt would be. */
export class InterruptedError extends Error {
  override name = "InterruptedError";

  constructor(message = "interrupted") {
    super(message);
  }
}

/** What is published as `globalThis[Symbol.for("potstill.interrupt")]`. */
export interface InterruptContract {
  /** Length 1: not 0 once the running cell was interrupted. Long computations look at it and throw. */
  readonly flag: Int32Array;
  /**
   * Length 1: to be increased before an operation that must not be cut short (it may be native, and long) and decreased
   * after it. The kernel then waits for its end, and stops at once what is outside of any.
   */
  readonly operations: Int32Array;
  /** Aborted when the running cell is interrupted. */
  readonly signal: AbortSignal;
}

type Reject = (reason: Error) => void;

/** A wait of a cell's top level, and how to throw out of it. */
interface Wait {
  readonly promise: Promise<unknown>;
  readonly reject: Reject;
}

/** What an interrupt needs to know of a running cell. */
interface Running {
  /** The await at which the cell's top level stands. */
  top?: Wait;
  /** What the cell's next await at the top level must throw. */
  due?: Error;
  /** Made when the cell's code asks for its signal. */
  controller?: AbortController;
}

/**
 * Where cells wait: every `await` of a cell's code goes through here, so that an interrupt can throw out of it.
 *
 * Awaits inside functions are held weakly (what nobody can settle may be collected); the one await at which the top
 * level of a cell stands is held strongly. An interrupt concerns all cells that run.
 */
export class Interrupts {
  readonly #shared: SharedState;
  readonly #context: CellContext;
  readonly #running = new Map<number, Running>();
  /** For code that belongs to no running cell. */
  #stray = new AbortController();
  readonly #abandoned = new Set<number>();
  #inner: WeakRef<Reject>[] = [];
  #pruneAt = 1024;

  constructor(shared: SharedState, context: CellContext = createCellContext()) {
    this.#shared = shared;
    this.#context = context;
  }

  /** Makes the contract visible to libraries. Reading `flag` tells the kernel that somebody will honour it. */
  publish(): void {
    const shared = this.#shared;
    const signal = () => this.#controller().signal;
    const operations = shared.control.subarray(slot.operations, slot.operations + 1);
    const contract: InterruptContract = {
      get flag() {
        Atomics.compareExchange(shared.control, slot.cooperative, 0, 1);
        Atomics.add(shared.control, slot.looks, 1);
        return shared.flag;
      },
      get operations() {
        Atomics.store(shared.control, slot.cooperative, 2);
        return operations;
      },
      get signal() {
        return signal();
      },
    };
    Object.defineProperty(globalThis, Symbol.for("potstill.interrupt"), { value: contract, configurable: true });
  }

  begin(cell: number): void {
    this.#running.set(cell, {});
    if (this.#stray.signal.aborted) this.#stray = new AbortController();
  }

  end(cell: number): void {
    this.#running.delete(cell);
  }

  /** Throws {@link InterruptedError} out of pending awaits: innermost functions first, then the cells' top levels. */
  interrupt(): void {
    const error = new InterruptedError();
    const running = [...this.#running.values()];
    for (const controller of [this.#stray, ...running.map((each) => each.controller)]) controller?.abort(error);
    const pending = this.#inner;
    this.#inner = [];
    for (const reference of pending) reference.deref()?.(error);
    for (const each of running) if (each.top) this.#interruptTop(each, each.top, error);
  }

  /**
   * The functions unwind in microtasks and usually settle the top level themselves, with their `finally` blocks run: it
   * gets time for that. A wait that has meanwhile ended well, as those of a loop of short waits do, leaves it to the next.
   */
  #interruptTop(running: Running, { promise, reject }: Wait, error: Error): void {
    let fulfilled = false;
    promise.then(() => { fulfilled = true; }, () => undefined);
    setTimeout(() => {
      if (!fulfilled) return reject(error);
      if (running.top) running.top.reject(error);
      else running.due = error;
    }, 20);
  }

  /** From now on this cell's top level stops at its next await. */
  abandon(cell: number): void {
    this.#abandoned.add(cell);
    this.#running.delete(cell);
  }

  /** Whether the cell's top level stands at an await, so that an interrupt can throw out of it. */
  isWaiting(cell: number): boolean {
    return this.#running.get(cell)?.top !== undefined;
  }

  /** The cell's top level goes on. */
  woke(cell: number): void {
    const running = this.#running.get(cell);
    if (running) running.top = undefined;
  }

  /** The operand of a top-level await. */
  top(cell: number, value: unknown): unknown {
    if (this.#abandoned.has(cell)) return new Promise(() => undefined);
    const running = this.#running.get(cell);
    if (running?.due) return this.#fail(running, running.due);
    if (!isThenable(value)) return value;
    let reject!: Reject;
    const promise = new Promise((resolve, fail) => {
      reject = fail;
      // `resolve` and `fail` themselves, not closures: V8 follows them when it writes asynchronous stack traces.
      value.then(resolve, fail);
    });
    if (running) running.top = { promise, reject };
    return promise;
  }

  #fail(running: Running, error: Error): Promise<never> {
    delete running.due;
    return Promise.reject(error);
  }

  /** The operand of an await inside a function. */
  inner(value: unknown): unknown {
    if (!isThenable(value)) return value;
    return new Promise((resolve, reject) => {
      this.#inner.push(new WeakRef(reject));
      if (this.#inner.length > this.#pruneAt) this.#prune();
      value.then(resolve, reject); // no closures, as above
    });
  }

  /** The iterable of a `for await`: waiting for the next value can be interrupted, and the iterator is then closed. */
  each(cell: number | undefined, iterable: unknown): AsyncIterable<unknown> {
    const guard = (value: unknown) => (cell === undefined ? this.inner(value) : this.top(cell, value));
    return { [Symbol.asyncIterator]: () => guardedIterator(iterable, guard) };
  }

  #controller(): AbortController {
    const cell = this.#context.current() ?? [...this.#running.keys()].at(-1);
    const running = cell === undefined ? undefined : this.#running.get(cell);
    return running ? (running.controller ??= new AbortController()) : this.#stray;
  }

  #prune(): void {
    this.#inner = this.#inner.filter((reference) => reference.deref() !== undefined);
    this.#pruneAt = Math.max(1024, 2 * this.#inner.length);
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return value !== null && (typeof value === "object" || typeof value === "function") && typeof (value as { then?: unknown }).then === "function";
}

function guardedIterator(iterable: unknown, guard: (value: unknown) => unknown): AsyncIterator<unknown, unknown> {
  const source = openIterator(iterable);
  let finished = false;
  const close = async () => {
    if (finished) return;
    finished = true;
    await source.return?.();
  };
  return {
    async next() {
      try {
        const item = (await guard(source.next())) as IteratorResult<unknown, unknown>;
        finished = item.done === true;
        return finished || Symbol.asyncIterator in (Object(iterable) as object) ? item : { done: false, value: await guard(item.value) };
      } catch (error) {
        // Not awaited: a generator that is itself waiting closes only when that wait is over.
        if (error instanceof InterruptedError) void close().catch(() => undefined);
        throw error;
      }
    },
    async return(value) {
      await guard(close());
      return { done: true, value };
    },
  };
}

function openIterator(iterable: unknown): AsyncIterator<unknown, unknown> | Iterator<unknown, unknown> {
  const candidate = iterable as (AsyncIterable<unknown, unknown> & Iterable<unknown, unknown>) | null | undefined;
  if (typeof candidate?.[Symbol.asyncIterator] === "function") return candidate[Symbol.asyncIterator]();
  if (typeof candidate?.[Symbol.iterator] === "function") return candidate[Symbol.iterator]();
  throw new TypeError("for await: the value is not iterable");
}
