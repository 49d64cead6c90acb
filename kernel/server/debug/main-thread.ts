import type { Runtime } from "node:inspector";
import { debugHelperName } from "../../language/debug-helper-name.ts";
import type { DebugHelper } from "../../language/debug-helper.ts";
import type { Rendered } from "../../display/mime.ts";
import type { Cdp } from "./cdp.ts";
import { DapError } from "./dap.ts";

/** Objects that are made for the debugger live until the group is released: at the next stop, or the next look at the globals. */
export const objectGroup = "potstill-debugger";

/** How long what a person asks of the debugger may compute, or wait for a promise, in milliseconds: nothing else can stop it. */
export const patience = 5000;

/** Asks the main thread's {@link DebugHelper} through the inspector. */
export class MainThread {
  readonly #cdp: Cdp;

  constructor(cdp: Cdp) {
    this.#cdp = cdp;
  }

  cell(id: number): Promise<ReturnType<DebugHelper["cell"]>> {
    return this.#call("cell", id);
  }

  /** The notebook's top-level bindings and what the user has put on `globalThis`, each as the properties of one object. */
  async globals(): Promise<readonly Runtime.RemoteObject[]> {
    const { names } = await this.#cdp.post<Runtime.GlobalLexicalScopeNamesReturnType>("Runtime.globalLexicalScopeNames");
    const getters = names.filter((name) => !name.startsWith("__potstill")).map((name) => `[${JSON.stringify(name)}]: () => ${name}`);
    const bindings = await this.evaluate(`${debugHelperName}.bindings({ ${getters.join(", ")} })`);
    return [bindings, await this.evaluate(`${debugHelperName}.globals()`)];
  }

  /** A value as a MIME bundle; `now` when the main thread cannot wait for it. */
  async render(value: Runtime.RemoteObject, now: boolean): Promise<Rendered> {
    const helper = await this.evaluate(debugHelperName);
    const result = await inTime(this.#cdp.post<Runtime.CallFunctionOnReturnType>("Runtime.callFunctionOn", {
      objectId: helper.objectId,
      functionDeclaration: `function (value) { return this.${now ? "renderNow" : "render"}(value); }`,
      arguments: [callArgument(value)],
      returnByValue: true,
      awaitPromise: !now,
      silent: true,
    }));
    return checked(result).value as Rendered;
  }

  /** Evaluates JavaScript in the global scope, without stopping at breakpoints in it. Rejects with a {@link DapError} when it throws. */
  async evaluate(expression: string, options: object = {}): Promise<Runtime.RemoteObject> {
    return checked(await this.#cdp.post<Runtime.EvaluateReturnType>("Runtime.evaluate", { expression, objectGroup, silent: true, disableBreaks: true, timeout: patience, ...options }));
  }

  /** The same for statements: what they declare becomes the notebook's, and their `await`s are waited for. */
  async run(code: string): Promise<Runtime.RemoteObject> {
    return inTime(this.evaluate(code, { generatePreview: true, replMode: true, awaitPromise: true }));
  }

  async #call<T>(method: keyof DebugHelper, argument: string | number): Promise<T> {
    const result = await this.evaluate(`${debugHelperName}.${method}(${JSON.stringify(argument)})`, { returnByValue: true });
    return result.value as T;
  }
}

/** Debug requests are answered one after another: none may wait for a promise that never settles. */
async function inTime<T>(answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new DapError(`The debugger has waited ${patience / 1000} s for a promise that is still pending.`)), patience);
  });
  return Promise.race([answer, late]).finally(() => clearTimeout(timer));
}

/** A value in the form in which V8 takes it as an argument. */
export function callArgument({ objectId, unserializableValue, value }: Runtime.RemoteObject): Runtime.CallArgument {
  if (objectId !== undefined) return { objectId };
  return unserializableValue === undefined ? { value: value as unknown } : { unserializableValue };
}

/** The value of an evaluation. Throws what it threw as a {@link DapError}. */
export function checked({ result, exceptionDetails }: Runtime.EvaluateReturnType): Runtime.RemoteObject {
  if (exceptionDetails === undefined) return result;
  const { exception, text } = exceptionDetails;
  throw new DapError(exception?.description?.split("\n    at ")[0] ?? `${text} ${String(exception?.value ?? "")}`.trim());
}
