import type { Debugger, Runtime } from "node:inspector";
import type { JsonObject } from "../../protocol/messages.ts";
import type { Cdp } from "./cdp.ts";
import { DapError } from "./dap.ts";
import type { Frames } from "./frames.ts";
import type { Script } from "./scripts.ts";

/** JavaScript's only thread that matters here: the one that runs cells. */
export const threadId = 1;

/** How often V8 is asked again for a pause, in milliseconds. */
const reminderMs = 50;

/** What pauses are told to. */
export interface PauseListener {
  emit(event: string, body: JsonObject): void;
  /** The client's ids of V8's breakpoints. */
  hit(ids: readonly string[] | undefined): number[];
  /** Whether the client wants to stop at this exception. */
  wants(event: Debugger.PausedEventDataType): Promise<boolean>;
  /** The cells that the main thread evaluates. */
  running(): readonly number[];
  /** Forgets what was only good while the thread stood still. */
  forget(): void;
}

export type StepCommand = "stepOver" | "stepInto" | "stepOut";

/** When and why the main thread stands still, and how it goes on. */
export class Pauses {
  readonly #cdp: Cdp;
  readonly #frames: Frames;
  readonly #listener: PauseListener;
  #paused: Debugger.PausedEventDataType | undefined;
  /** The cells that ran when a step began: a step must not stop in the next cell. */
  #stepping: readonly number[] | undefined;
  #asked = false;
  #reminder: NodeJS.Timeout | undefined;
  /** V8's id of a breakpoint at the first statement of the next cell. */
  #entry: string | undefined;
  /** Set while a pause that is of no interest to the user ends. */
  #silent = false;

  constructor(cdp: Cdp, frames: Frames, listener: PauseListener) {
    this.#cdp = cdp;
    this.#frames = frames;
    this.#listener = listener;
    cdp.on<Debugger.PausedEventDataType>("Debugger.paused", (event) => void this.#onPaused(event).catch(() => undefined));
    cdp.on("Debugger.resumed", () => this.#onResumed());
  }

  /** Why the thread stands still; undefined while it runs. */
  get current(): Debugger.PausedEventDataType | undefined {
    return this.#paused;
  }

  /** What was thrown, when the thread stands still because of that. */
  get exception(): Runtime.RemoteObject | undefined {
    return this.#paused && isException(this.#paused) ? (this.#paused.data as Runtime.RemoteObject | undefined) : undefined;
  }

  /** Stops at the next statement of the user's code: of what runs now, or else of the next cell. */
  async pause(): Promise<void> {
    if (this.#paused || this.#asked) return;
    this.#asked = true;
    await this.#cdp.post("Debugger.pause");
    // V8 gives up when the next function that runs is the kernel's.
    this.#reminder = setInterval(() => this.#remind(), reminderMs);
  }

  /** To be called before a cell runs: when somebody waits for a pause, its first statement is where it comes. */
  async beforeCell({ url, lines }: Script): Promise<void> {
    const start = lines.first();
    if (!this.#asked || start === undefined) return;
    const position = { url, lineNumber: start.line, columnNumber: start.column };
    const { breakpointId } = await this.#cdp.post<Debugger.SetBreakpointByUrlReturnType>("Debugger.setBreakpointByUrl", position);
    this.#entry = breakpointId;
  }

  #remind(): void {
    if (this.#listener.running().length > 0) void this.#cdp.post("Debugger.pause").catch(() => undefined);
  }

  #forgetAsking(): void {
    this.#asked = false;
    clearInterval(this.#reminder);
    if (this.#entry !== undefined) void this.#cdp.post("Debugger.removeBreakpoint", { breakpointId: this.#entry }).catch(() => undefined);
    this.#entry = undefined;
  }

  async resume(): Promise<void> {
    this.#expectPaused();
    this.#stepping = undefined;
    await this.#cdp.post("Debugger.resume");
  }

  async step(command: StepCommand): Promise<void> {
    this.#expectPaused();
    this.#stepping = this.#listener.running();
    await this.#cdp.post(`Debugger.${command}`);
  }

  /** The connection has ended, and with it the pause. */
  clear(): void {
    const wasPaused = this.#paused !== undefined;
    this.#stepping = undefined;
    this.#forgetAsking();
    if (wasPaused) this.#onResumed();
  }

  #expectPaused(): void {
    if (this.#paused === undefined) throw new DapError("The kernel's thread is not stopped.");
  }

  async #onPaused(event: Debugger.PausedEventDataType): Promise<void> {
    const shown = this.#frames.keep(event.callFrames);
    if (shown === 0 || (await this.#isLeftOver(event)) || (isException(event) && !(await this.#listener.wants(event)))) {
      this.#silent = true;
      await this.#cdp.post("Debugger.resume");
      return;
    }
    this.#paused = event;
    const reason = this.#reason(event);
    this.#stepping = undefined;
    this.#forgetAsking();
    this.#listener.emit("stopped", { ...reason, threadId, allThreadsStopped: true });
  }

  #onResumed(): void {
    const wasSilent = this.#silent;
    this.#silent = false;
    this.#paused = undefined;
    this.#frames.clear();
    if (wasSilent) return;
    this.#listener.forget();
    this.#listener.emit("continued", { threadId, allThreadsContinued: true });
  }

  /** Whether this is the end of a step whose cell is over. */
  async #isLeftOver({ reason, hitBreakpoints = [], callFrames }: Debugger.PausedEventDataType): Promise<boolean> {
    if (this.#stepping === undefined || hitBreakpoints.length > 0 || !["step", "other"].includes(reason)) return false;
    const running = this.#listener.running();
    if (this.#stepping.some((cell) => running.includes(cell))) return false;
    this.#stepping = undefined;
    return !(await this.#isDebuggerStatement(callFrames[0].location));
  }

  async #isDebuggerStatement({ scriptId, lineNumber, columnNumber = 0 }: Debugger.Location): Promise<boolean> {
    const { scriptSource } = await this.#cdp.post<Debugger.GetScriptSourceReturnType>("Debugger.getScriptSource", { scriptId });
    return scriptSource.split("\n")[lineNumber]?.startsWith("debugger", columnNumber) === true;
  }

  #reason({ reason, hitBreakpoints = [] }: Debugger.PausedEventDataType): JsonObject {
    if (this.exception) return { reason: "exception", description: "Paused on exception", text: this.exception.description?.split("\n    at ")[0] ?? String(this.exception.value) };
    const hit = this.#listener.hit(hitBreakpoints);
    if (hit.length > 0) return { reason: "breakpoint", description: "Paused on breakpoint", hitBreakpointIds: hit };
    if (this.#asked) return { reason: "pause", description: "Paused" };
    // Before Node 22 V8 gives steps no reason of their own.
    if (reason === "step" || this.#stepping) return { reason: "step", description: "Paused after a step" };
    return { reason: "breakpoint", description: "Paused on debugger statement" };
  }
}

const isException = ({ reason }: Debugger.PausedEventDataType): boolean => reason === "exception" || reason === "promiseRejection";
