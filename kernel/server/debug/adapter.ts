import type { Debugger, Runtime } from "node:inspector";
import type { CellRequest, FromInterpreter } from "../../language/link.ts";
import { slot } from "../../language/link.ts";
import type { JsonObject } from "../../protocol/messages.ts";
import { Breakpoints } from "./breakpoints.ts";
import { Cdp } from "./cdp.ts";
import type { DapRequest } from "./dap.ts";
import { requests } from "./requests.ts";
import type { DebugParts } from "./debugging.ts";
import { DapError } from "./dap.ts";
import { Exceptions } from "./exceptions.ts";
import { Frames } from "./frames.ts";
import { MainThread, patience } from "./main-thread.ts";
import { Pauses } from "./pauses.ts";
import { internalPatterns, Scripts } from "./scripts.ts";
import type { Script } from "./scripts.ts";
import { Variables } from "./variables.ts";

export interface AdapterParts extends DebugParts {
  /** Publishes an event of the Debug Adapter Protocol. */
  emit(event: string, body: JsonObject): void;
}

/** A cell between its announcement and the moment when its breakpoints are set. */
interface Expected {
  readonly cell: CellRequest;
  readonly ready: () => void;
}

/** Answers the Debug Adapter Protocol by means of V8's inspector. */
export class Adapter {
  readonly parts: AdapterParts;
  readonly cdp = new Cdp();
  readonly main = new MainThread(this.cdp);
  readonly variables = new Variables(this.cdp, this.main);
  readonly scripts: Scripts;
  readonly breakpoints: Breakpoints;
  readonly frames: Frames;
  readonly pauses: Pauses;
  readonly exceptions: Exceptions;
  readonly #expected = new Map<number, Expected>();
  /** Whether a client has begun a session (`initialize`). */
  started = false;
  #attached = false;

  constructor(parts: AdapterParts) {
    this.parts = parts;
    this.scripts = new Scripts(this.main, parts.analyse, parts.folder);
    this.breakpoints = new Breakpoints(this.cdp, parts.analyse, this.scripts);
    this.frames = new Frames(this.cdp, { analyse: parts.analyse, scripts: this.scripts, variables: this.variables });
    this.exceptions = new Exceptions(this.cdp, parts.analyse, this.scripts);
    this.pauses = new Pauses(this.cdp, this.frames, {
      emit: (event, body) => parts.emit(event, body),
      hit: (ids) => this.breakpoints.hit(ids),
      wants: (event) => this.exceptions.isWanted(event),
      running: () => parts.running(),
      forget: () => void this.variables.clear(),
    });
    this.cdp.on<Debugger.ScriptParsedEventDataType>("Debugger.scriptParsed", (script) => void this.scripts.parsed(script));
  }

  get attached(): boolean {
    return this.#attached;
  }

  /** What a request has brought: the body of the reply, or what went wrong. */
  async answer(request: DapRequest): Promise<{ body: JsonObject } | { error: string }> {
    const handler = Object.hasOwn(requests, request.command) ? requests[request.command] : undefined;
    if (handler === undefined) return { error: `The kernel's debugger does not know the request ${JSON.stringify(request.command)}.` };
    try {
      return { body: await handler(this, request) };
    } catch (error) {
      return { error: messageOf(error, request) };
    }
  }

  /** Starts to watch the main thread. */
  async attach(): Promise<void> {
    if (this.#attached) return;
    await this.cdp.post("Debugger.enable");
    await this.cdp.post("Debugger.setBlackboxPatterns", { patterns: internalPatterns(this.parts.folder) });
    this.#attached = true;
  }

  /** Lets the main thread go until the next `attach`. */
  dispose(): void {
    this.#attached = false;
    this.started = false;
    this.cdp.disconnect();
    this.pauses.clear();
    this.breakpoints.clear();
    this.scripts.clear();
    this.#releaseExpected();
  }

  /** Lets the main thread go for good. */
  close(): void {
    this.cdp.close();
    this.dispose();
  }

  /** See `Debugging.expect`. */
  expect(cell: CellRequest): Promise<void> | undefined {
    if (!this.#attached) {
      this.scripts.keepSource(cell.code);
      return undefined;
    }
    return new Promise((resolve) => this.#expected.set(cell.id, { cell, ready: resolve }));
  }

  /** See `Debugging.compiled`. */
  compiled({ id, map }: Extract<FromInterpreter, { type: "compiled" }>): void {
    const expected = this.#expected.get(id);
    if (expected === undefined) return;
    const { code, count } = expected.cell;
    const script = this.scripts.addCell(id, code, { label: count === undefined ? "cell" : `In [${count}]`, map });
    // Without its breakpoints the cell still runs.
    void this.#arm(script).catch(() => undefined).then(() => this.#ready(id));
  }

  async #arm(script: Script): Promise<void> {
    await this.breakpoints.settled();
    await this.breakpoints.bind(script);
    await this.pauses.beforeCell(script);
  }

  /** See `Debugging.interrupt`. */
  async interrupt(interrupt: () => Promise<void>): Promise<void> {
    if (!this.#attached) return interrupt();
    await this.cdp.post("Debugger.setSkipAllPauses", { skip: true });
    try {
      await this.#endPause();
      await interrupt();
    } finally {
      if (this.#attached) await this.cdp.post("Debugger.setSkipAllPauses", { skip: false });
    }
  }

  /** Whether user code stands still or computes, so that nothing can be awaited on the main thread. */
  get isBusy(): boolean {
    return this.pauses.current !== undefined || this.parts.running().length > 0;
  }

  /** Code that honours the flag, TensorFlow's, is left to stop by itself; all other ends where it stands. */
  async #endPause(): Promise<void> {
    if (this.pauses.current === undefined) return;
    const { control, flag } = this.parts.shared;
    // Raised first: it tells the main thread what ended the script.
    Atomics.store(flag, 0, 1);
    const terminateOnResume = Atomics.load(control, slot.cooperative) === 0;
    if (terminateOnResume) Atomics.add(control, slot.terminations, 1);
    await this.cdp.post("Debugger.resume", { terminateOnResume });
  }

  #ready(id: number): void {
    this.#expected.get(id)?.ready();
    this.#expected.delete(id);
  }

  #releaseExpected(): void {
    for (const id of this.#expected.keys()) this.#ready(id);
  }

  /** A value by name: in a frame, or among the globals. */
  async valueOf(name: string, frameId: number | undefined): Promise<Runtime.RemoteObject> {
    return frameId === undefined ? this.main.evaluate(name, { generatePreview: true }) : this.frames.evaluate(frameId, name);
  }
}

function messageOf(error: unknown, { command }: DapRequest): string {
  const { message } = error as Error;
  if (error instanceof DapError) return message;
  // V8's only word for an evaluation that ran into its timeout.
  return /terminated/i.test(message) ? `${command}: the evaluation was stopped: it took longer than ${patience / 1000} s.` : `${command}: ${message}`;
}
