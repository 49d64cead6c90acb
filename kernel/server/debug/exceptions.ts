import type { Debugger, Runtime } from "node:inspector";
import type { Cdp } from "./cdp.ts";
import type { Analyse } from "./debugging.ts";
import type { Scripts } from "./scripts.ts";

/** How far back awaiting functions are followed. */
const asyncDepth = 16;

/** What a client may ask to be stopped at (`initialize`). */
export const exceptionFilters = [
  { filter: "caught", label: "Caught Exceptions", description: "Stops where an exception is thrown that code catches.", default: false },
  { filter: "uncaught", label: "Uncaught Exceptions", description: "Stops where an exception is thrown that nothing catches.", default: false },
] as const;

/**
 * Which exceptions stop the thread. V8's own guess does not suffice: it takes every exception after a cell's first
 * `await` for caught, because the kernel waits for the cell's promise.
 */
export class Exceptions {
  readonly #cdp: Cdp;
  readonly #analyse: Analyse;
  readonly #scripts: Scripts;
  #wanted: ReadonlySet<unknown> = new Set();

  constructor(cdp: Cdp, analyse: Analyse, scripts: Scripts) {
    this.#cdp = cdp;
    this.#analyse = analyse;
    this.#scripts = scripts;
  }

  /** Asks V8 for every exception as soon as any filter is on. */
  async filter(wanted: readonly unknown[]): Promise<void> {
    this.#wanted = new Set(wanted);
    const any = exceptionFilters.some(({ filter }) => this.#wanted.has(filter));
    await this.#cdp.post("Debugger.setAsyncCallStackDepth", { maxDepth: any ? asyncDepth : 0 });
    await this.#cdp.post("Debugger.setPauseOnExceptions", { state: any ? "all" : "none" });
  }

  /** Whether the client wants to stop at this exception. */
  async isWanted(event: Debugger.PausedEventDataType): Promise<boolean> {
    if (this.#wanted.has("caught") && this.#wanted.has("uncaught")) return true;
    const { uncaught } = (event.data ?? {}) as { uncaught?: boolean };
    const isUncaught = uncaught === true || !(await this.#isCaught(event));
    return this.#wanted.has(isUncaught ? "uncaught" : "caught");
  }

  /** Whether any function on the stack, or one that awaits it, catches. */
  async #isCaught({ callFrames, asyncStackTrace }: Debugger.PausedEventDataType): Promise<boolean> {
    for (const location of [...callFrames.map((frame) => frame.location), ...asyncLocations(asyncStackTrace)]) {
      const place = await this.#scripts.place(location);
      const source = place && (await this.#scripts.source(place.script.path));
      if (source !== undefined && (await this.#analyse("catchesAt", `${place!.line}:${place!.column}:${source}`))) return true;
    }
    return false;
  }
}

function asyncLocations(trace: Runtime.StackTrace | undefined): Debugger.Location[] {
  if (trace === undefined) return [];
  return [...trace.callFrames, ...asyncLocations(trace.parent)];
}
