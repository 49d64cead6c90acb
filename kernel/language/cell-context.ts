import { AsyncLocalStorage } from "node:async_hooks";

/** Knows which cell started what happens now, also later: in timers, after awaits, in callbacks of promises. */
export interface CellContext {
  /** Whether compiled cells must take part, by saying after each of their waits which cell they belong to. */
  readonly needsHelp: boolean;
  /** The cell that started what happens now, if that is known. */
  current(): number | undefined;
  /** Does some work for a cell. What it throws passes through, and still belongs to the cell when it is reported. */
  run<T>(cell: number | undefined, work: () => T): T;
  /** Code of a cell goes on after a wait. */
  resume(cell: number | undefined): void;
  /** Forgets what an earlier task left behind. */
  clear(): void;
}

/**
 * Whether compiled cells must carry their cell along ({@link CellContext.needsHelp}): before Node 24 an active
 * AsyncLocalStorage makes terminating an asynchronous cell abort the process.
 */
export const cellsCarryContext = (version = process.versions.node): boolean => Number(version.split(".", 1)[0]) < 24;

/** The context that this version of Node allows: where it cannot store it, compiled cells and wrapped timers carry it. */
export function createCellContext(version = process.versions.node): CellContext {
  return cellsCarryContext(version) ? new CarriedContext() : new StoredContext();
}

/** What Node itself tracks. */
class StoredContext implements CellContext {
  readonly needsHelp = false;
  readonly #storage = new AsyncLocalStorage<number | undefined>();

  current(): number | undefined {
    return this.#storage.getStore();
  }

  run<T>(cell: number | undefined, work: () => T): T {
    return this.#storage.run(cell, work);
  }

  resume(): void { /* Node has done it */ }
  clear(): void { /* each task has its own */ }
}

/** One variable, set whenever code of a known cell goes on. It holds until the microtasks that run now are done. */
class CarriedContext implements CellContext {
  readonly needsHelp = true;
  #cell: number | undefined;
  #clearing = false;
  readonly #nextTick = process.nextTick.bind(process);

  current(): number | undefined {
    return this.#cell;
  }

  run<T>(cell: number | undefined, work: () => T): T {
    const before = this.#cell;
    this.#cell = cell;
    try {
      const result = work();
      this.#cell = before;
      return result;
    } catch (error) {
      this.resume(cell);
      throw error;
    }
  }

  resume(cell: number | undefined): void {
    this.#cell = cell;
    if (this.#clearing || cell === undefined) return;
    this.#clearing = true;
    this.#nextTick(this.#leave);
  }

  clear(): void {
    this.#cell = undefined;
    this.#clearing = false;
  }

  readonly #leave = (): void => this.clear();
}
