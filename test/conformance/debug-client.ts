// Sends the messages that JupyterLab's debugger sends, in its order (@jupyterlab/debugger: session.ts, service.ts).
import { eventually } from "./kernel-driver.ts";
import type { KernelDriver } from "./kernel-driver.ts";

type Json = Record<string, unknown>;

export interface DebugReply {
  type: string;
  request_seq: number;
  success: boolean;
  command: string;
  message?: string;
  body: Json;
}

export interface DebugEvent {
  type: string;
  event: string;
  body: Json & { reason: string };
}

export interface Frame {
  id: number;
  name: string;
  line: number;
  column: number;
  source: { path: string; name: string };
}

export interface Variable {
  name: string;
  value: string;
  type?: string;
  evaluateName: string;
  variablesReference: number;
}

/** A debugging client beside a kernel's driver. */
export class DebugClient {
  readonly kernel: KernelDriver;
  readonly #clientID: string;
  #seq = 0;
  #seen = 0;

  constructor(kernel: KernelDriver, clientID = "test") {
    this.kernel = kernel;
    this.#clientID = clientID;
    this.#seen = this.events.length;
  }

  async request(command: string, args: Json = {}): Promise<DebugReply> {
    const content = await this.kernel.control("debug_request", { type: "request", seq: this.#seq++, command, arguments: args }, 20_000);
    return content as unknown as DebugReply;
  }

  /** The body of a reply; throws when the request failed. */
  async ask(command: string, args: Json = {}): Promise<Json> {
    const reply = await this.request(command, args);
    if (!reply.success) throw new Error(`${command}: ${reply.message}`);
    return reply.body;
  }

  async start(): Promise<DebugReply> {
    const initialized = await this.request("initialize", {
      clientID: this.#clientID, clientName: "Test", adapterID: "potstill", pathFormat: "path", linesStartAt1: true, columnsStartAt1: true,
      supportsVariableType: true, supportsVariablePaging: true, supportsRunInTerminalRequest: true, locale: "en",
    });
    await this.ask("attach");
    return initialized;
  }

  /** Sets a cell's breakpoints as JupyterLab does; resolves with the lines that the kernel chose. */
  async breakAt(code: string, ...lines: readonly (number | Json)[]): Promise<number[]> {
    const { sourcePath } = await this.ask("dumpCell", { code });
    return this.breakIn(sourcePath as string, ...lines);
  }

  async breakIn(path: string, ...lines: readonly (number | Json)[]): Promise<number[]> {
    const breakpoints = lines.map((line) => (typeof line === "number" ? { line } : line));
    const body = await this.ask("setBreakpoints", { breakpoints, source: { path }, sourceModified: false });
    return (body.breakpoints as { line: number }[]).map(({ line }) => line);
  }

  get events(): DebugEvent[] {
    return this.kernel.iopub.filter(({ type }) => type === "debug_event").map(({ content }) => content as unknown as DebugEvent);
  }

  /** How often the thread has stopped. */
  get stops(): number {
    return this.events.filter(({ event }) => event === "stopped").length;
  }

  /** The next event of this kind that has not been waited for. */
  async event(kind: string): Promise<DebugEvent> {
    const find = () => this.events.findIndex(({ event }, index) => index >= this.#seen && event === kind);
    if (!(await eventually(() => find() >= 0, 15_000))) throw new Error(`no ${kind} event; events: ${JSON.stringify(this.events.slice(-3))}; log: ${this.kernel.log}`);
    this.#seen = find() + 1;
    return this.events[this.#seen - 1];
  }

  /** Waits for the thread to stop. Resolves with the reason and the stack, as `name:line`. */
  async stopped(): Promise<{ reason: string; at: string[]; frames: Frame[]; body: Json }> {
    const { body } = await this.event("stopped");
    const frames = await this.frames();
    return { reason: body.reason, at: frames.map(({ name, line }) => `${name}:${line}`), frames, body };
  }

  async frames(): Promise<Frame[]> {
    return (await this.ask("stackTrace", { threadId: 1 })).stackFrames as Frame[];
  }

  /** The variables of a scope of a frame, the innermost unless told otherwise. */
  async scope(name: string, frame = 0): Promise<Variable[]> {
    const frameId = (await this.frames())[frame].id;
    const scopes = (await this.ask("scopes", { frameId })).scopes as { name: string; variablesReference: number }[];
    return this.members(scopes.find((scope) => scope.name === name)!.variablesReference);
  }

  async members(variablesReference: number): Promise<Variable[]> {
    return (await this.ask("variables", { variablesReference })).variables as Variable[];
  }
}

/** Variables as `name = value`. */
export const shown = (variables: readonly Variable[]): string[] => variables.map(({ name, value }) => `${name} = ${value}`);
