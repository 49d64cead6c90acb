import type { CellRequest, FromInterpreter, SharedState } from "../../language/link.ts";
import type { LanguageClient } from "../../language/service/client.ts";
import type { JsonObject } from "../../protocol/messages.ts";
import type { Adapter } from "./adapter.ts";
import { cellFiles } from "./cell-path.ts";
import { dapRequest, dapResponse } from "./dap.ts";

/** Asks the language thread about code. */
export type Analyse = LanguageClient["debug"];

/** What the debugger needs of the rest of the kernel. */
export interface DebugParts {
  /** The notebook's folder. */
  readonly folder: string;
  readonly shared: SharedState;
  readonly analyse: Analyse;
  /** Publishes a `debug_event`. */
  publish(event: JsonObject): void;
  /** The cells that the main thread evaluates. */
  running(): readonly number[];
  /** Makes TypeScript that came from no cell known to the type checker. */
  declare(code: string): void;
}

/** The debugger as the rest of the wire worker sees it. It costs nothing until a client starts it. */
export class Debugging {
  readonly #parts: DebugParts;
  #loading: Promise<Adapter> | undefined;
  #adapter: Adapter | undefined;
  #seq = 0;

  constructor(parts: DebugParts) {
    this.#parts = parts;
  }

  /** Answers the content of a `debug_request` with that of the `debug_reply`. Never rejects. */
  async handle(content: JsonObject): Promise<JsonObject> {
    const request = dapRequest(content);
    // Frontends ask this of every kernel they open.
    if (request.command === "debugInfo" && this.#adapter === undefined) return dapResponse(request, this.#next(), { body: idleInfo });
    const adapter = await this.#load();
    return dapResponse(request, this.#next(), await adapter.answer(request));
  }

  /**
   * Announces a cell that is about to be compiled. Undefined when no debugger is attached; otherwise the cell must be
   * prepared with a report, and must not run before this resolves: its breakpoints are set then.
   */
  expect(cell: CellRequest): Promise<void> | undefined {
    return this.#adapter?.expect(cell);
  }

  /** The main thread has compiled an expected cell. */
  compiled(message: Extract<FromInterpreter, { type: "compiled" }>): void {
    this.#adapter?.compiled(message);
  }

  /** Interrupts user code by `interrupt`, which a thread that stands at a breakpoint could not hear. */
  interrupt(interrupt: () => Promise<void>): Promise<void> {
    return this.#adapter ? this.#adapter.interrupt(interrupt) : interrupt();
  }

  /** Lets go of the main thread for good. A connection left open would keep the process from exiting. */
  dispose(): void {
    this.#adapter?.close();
    void this.#loading?.then((adapter) => { adapter.close(); }, () => undefined);
  }

  async #load(): Promise<Adapter> {
    this.#loading ??= import("./adapter.ts").then(({ Adapter }) => {
      this.#adapter = new Adapter({ ...this.#parts, emit: (event, body) => this.#emit(event, body) });
      return this.#adapter;
    });
    return this.#loading;
  }

  #emit(event: string, body: JsonObject): void {
    this.#parts.publish({ type: "event", seq: this.#next(), event, body });
  }

  #next(): number {
    return ++this.#seq;
  }
}

/** What a debugger that was never started answers to `debugInfo`, and what never changes about it. */
export const idleInfo = {
  isStarted: false,
  ...cellFiles,
  breakpoints: [],
  stoppedThreads: [],
  richRendering: true,
  exceptionPaths: ["JavaScript Exceptions"],
  copyToGlobals: true,
};
