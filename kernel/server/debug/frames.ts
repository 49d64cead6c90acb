import type { Debugger, Runtime } from "node:inspector";
import { basename } from "node:path";
import type { JsonObject } from "../../protocol/messages.ts";
import type { Cdp } from "./cdp.ts";
import { DapError } from "./dap.ts";
import type { Analyse } from "./debugging.ts";
import { checked, objectGroup, patience } from "./main-thread.ts";
import type { Scripts } from "./scripts.ts";
import type { Named, Variables } from "./variables.ts";

/** V8's scope types that hold variables of the code outside the function itself. */
const outer = new Set(["closure", "module", "script", "global", "wasm-expression-stack"]);

/** The stack of a paused thread, without the frames that are not the user's. */
export class Frames {
  readonly #cdp: Cdp;
  readonly #analyse: Analyse;
  readonly #scripts: Scripts;
  readonly #variables: Variables;
  #frames = new Map<number, Debugger.CallFrame>();
  #count = 0;

  constructor(cdp: Cdp, parts: { analyse: Analyse; scripts: Scripts; variables: Variables }) {
    this.#cdp = cdp;
    this.#analyse = parts.analyse;
    this.#scripts = parts.scripts;
    this.#variables = parts.variables;
  }

  /** Keeps the user's frames of a pause. Returns how many there are. */
  keep(frames: readonly Debugger.CallFrame[]): number {
    const users = frames.filter(({ location }) => this.#scripts.isUsers(location.scriptId));
    this.#frames = new Map(users.map((frame) => [++this.#count, frame]));
    return users.length;
  }

  clear(): void {
    this.#frames.clear();
  }

  /** The frames as the Debug Adapter Protocol describes them, innermost first. */
  async list(): Promise<JsonObject[]> {
    return Promise.all([...this.#frames].map(([id, frame]) => this.#describe(id, frame)));
  }

  /** The scopes of a frame. At the top level of a cell the notebook's globals are local, as they are in a Python module. */
  scopes(id: number): JsonObject[] {
    const frame = this.#find(id);
    const chain = frame.scopeChain;
    const end = chain.findIndex(({ type }) => type === "local") + 1 || chain.findIndex(({ type }) => outer.has(type));
    const local = chain.slice(0, end < 0 ? chain.length : end);
    const isTop = isTopLevel(frame);
    const around = chain.slice(local.length).filter(({ type }) => !["script", "global"].includes(type));
    return [
      this.#scope(frame, "Locals", () => this.#locals(frame, local, isTop), "locals"),
      ...around.map((scope) => this.#scope(frame, scopeName(scope), () => this.#variables.namesIn([scope.object]))),
      this.#scope(frame, "Globals", () => this.#variables.globals()),
    ];
  }

  /** Evaluates what a person typed, in a frame. Rejects with a {@link DapError} when it does not compile or throws. */
  async evaluate(id: number, code: string): Promise<Runtime.RemoteObject> {
    const { callFrameId } = this.#find(id);
    const compiled = await this.#analyse("expression", code);
    if ("error" in compiled) throw new DapError(compiled.error);
    const parameters = { callFrameId, expression: compiled.code, objectGroup, generatePreview: true, silent: true, timeout: patience };
    return checked(await this.#cdp.post<Debugger.EvaluateOnCallFrameReturnType>("Debugger.evaluateOnCallFrame", parameters));
  }

  /** The innermost frame, where there is one. */
  get top(): number | undefined {
    return this.#frames.keys().next().value;
  }

  #find(id: number): Debugger.CallFrame {
    const frame = this.#frames.get(id);
    if (frame === undefined) throw new DapError(`frameId ${id} is not valid: execution is not stopped there (any more).`);
    return frame;
  }

  async #describe(id: number, frame: Debugger.CallFrame): Promise<JsonObject> {
    const place = await this.#scripts.place(frame.location);
    const name = frame.functionName || (isTopLevel(frame) ? "<cell>" : "<anonymous>");
    // Code that the compiler added has no place; it belongs to the beginning of its statement.
    if (place === undefined) return { id, name, line: 0, column: 0, presentationHint: "subtle" };
    const { script, line, column } = place;
    const source = { name: script.label === script.path ? basename(script.path) : script.label, path: script.path };
    return { id, name, line, column, source };
  }

  #scope(frame: Debugger.CallFrame, name: string, read: () => Promise<readonly Named[]>, hint?: string): JsonObject {
    const write = (variable: string, expression: string) => this.#assign(frame, variable, expression);
    return { name, variablesReference: this.#variables.register({ read, write }), expensive: false, ...(hint ? { presentationHint: hint } : {}) };
  }

  async #locals(frame: Debugger.CallFrame, scopes: readonly Debugger.Scope[], isTop: boolean): Promise<readonly Named[]> {
    const found = [...(await this.#variables.namesIn(scopes.map(({ object }) => object)))];
    const hasOwnThis = frame.this.type !== "undefined" && frame.this.className !== "global" && !isTop;
    if (hasOwnThis) found.push({ name: "this", value: await this.#withPreview(frame, "this", frame.this) });
    if (frame.returnValue) found.push({ name: "(return value)", value: frame.returnValue, evaluateName: "" });
    if (!isTop) return found;
    const names = new Set(found.map(({ name }) => name));
    return [...found, ...(await this.#variables.globals()).filter(({ name }) => !names.has(name))];
  }

  async #withPreview({ callFrameId }: Debugger.CallFrame, expression: string, fallback: Runtime.RemoteObject): Promise<Runtime.RemoteObject> {
    const reply = await this.#cdp.post<Debugger.EvaluateOnCallFrameReturnType>("Debugger.evaluateOnCallFrame", { callFrameId, expression, objectGroup, generatePreview: true, silent: true, timeout: patience });
    return reply.exceptionDetails ? fallback : reply.result;
  }

  async #assign({ callFrameId }: Debugger.CallFrame, name: string, expression: string): Promise<Runtime.RemoteObject> {
    const parameters = { callFrameId, expression: `${name} = ${expression}`, objectGroup, generatePreview: true, silent: true, timeout: patience };
    return checked(await this.#cdp.post<Debugger.EvaluateOnCallFrameReturnType>("Debugger.evaluateOnCallFrame", parameters));
  }
}

/** Whether a frame runs a cell's own statements and not those of a function. */
function isTopLevel({ functionName, scopeChain }: Debugger.CallFrame): boolean {
  return functionName === "" && !scopeChain.some(({ type }) => ["local", "closure", "module"].includes(type));
}

function scopeName({ type, name }: Debugger.Scope): string {
  const title = `${type[0].toUpperCase()}${type.slice(1)}`;
  return name ? `${title} (${name})` : title;
}
