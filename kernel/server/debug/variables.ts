import type { Runtime } from "node:inspector";
import type { JsonObject } from "../../protocol/messages.ts";
import type { Cdp } from "./cdp.ts";
import { DapError } from "./dap.ts";
import type { MainThread } from "./main-thread.ts";
import { callArgument, checked, objectGroup } from "./main-thread.ts";
import { typeName, valueText } from "./value-text.ts";

/** A named value; accessors are not read. */
export interface Named {
  readonly name: string;
  readonly value: Runtime.RemoteObject | Part | "accessor" | "unavailable";
  /** How an expression reaches it. */
  readonly evaluateName?: string;
}

/** Some elements of a long list. */
interface Part {
  read(): Promise<readonly Named[]>;
}

/** What a `variablesReference` stands for. */
interface Reference extends Part {
  /** Assigns a JavaScript expression's value to a member. */
  write?(name: string, expression: string): Promise<Runtime.RemoteObject>;
}

/** Longer lists are shown in parts of this size. */
const partSize = 100;

/** The values that a client looks at, and the numbers by which it asks for their members. */
export class Variables {
  readonly #cdp: Cdp;
  readonly #main: MainThread;
  readonly #references = new Map<number, Reference>();
  #count = 0;
  /** Whether values carry their types. JupyterLab shows a type it does not know in place of the value. */
  showTypes = true;

  constructor(cdp: Cdp, main: MainThread) {
    this.#cdp = cdp;
    this.#main = main;
  }

  /** Forgets all values. Numbers are not used again: a late question must not get another value's members. */
  async clear(): Promise<void> {
    this.#references.clear();
    await this.#cdp.post("Runtime.releaseObjectGroup", { objectGroup }).catch(() => undefined);
  }

  /** A number for something that has members. */
  register(reference: Reference): number {
    this.#references.set(++this.#count, reference);
    return this.#count;
  }

  /** The members behind a number, as the Debug Adapter Protocol describes variables. */
  async members(reference: number, { start = 0, count = Infinity }: { start?: number; count?: number } = {}): Promise<JsonObject[]> {
    const found = await this.#find(reference).read();
    return found.slice(start, start + (count || Infinity)).map((each) => this.describe(each));
  }

  async assign(reference: number, name: string, expression: string): Promise<JsonObject> {
    const found = this.#find(reference);
    if (found.write === undefined) throw new DapError("setVariable: members of this value cannot be changed here; evaluate an assignment instead.");
    return this.describe({ name, value: await found.write(name, expression) });
  }

  describe({ name, value, evaluateName = name }: Named): JsonObject {
    if (value === "accessor") return { name, value: "(getter)", evaluateName, variablesReference: 0 };
    if (value === "unavailable") return { name, value: "(not initialised)", evaluateName, variablesReference: 0 };
    if ("read" in value) return { name, value: "", evaluateName, variablesReference: this.register(value) };
    return { name, evaluateName, ...this.summary(value) };
  }

  /** A value's text, type and the number of its members. */
  summary(value: Runtime.RemoteObject): { value: string; type?: string; variablesReference: number } {
    const text = valueText(value);
    return { value: text, ...(this.showTypes ? { type: typeName(value) } : {}), variablesReference: this.#referenceOf(value) };
  }

  /** The members of several objects, of which earlier ones hide later ones; names that begin with `__potstill` are the kernel's. */
  async namesIn(objects: readonly Runtime.RemoteObject[]): Promise<readonly Named[]> {
    const found = new Map<string, Named>();
    for (const object of objects) {
      for (const named of await this.#properties(object)) {
        if (!found.has(named.name) && !named.name.startsWith("__potstill") && !named.name.startsWith("[[")) found.set(named.name, named);
      }
    }
    return [...found.values()];
  }

  /** The notebook's globals. */
  async globals(): Promise<readonly Named[]> {
    const found = await this.namesIn(await this.#main.globals());
    return [...found].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  #find(reference: number): Reference {
    const found = this.#references.get(reference);
    if (found === undefined) throw new DapError(`variablesReference ${reference} is not valid (any more): execution has continued, or the value has been looked at again.`);
    return found;
  }

  #referenceOf(value: Runtime.RemoteObject): number {
    const { objectId, type } = value;
    if (objectId === undefined || type === "symbol") return 0;
    return this.register({ read: () => this.#children(value), write: (name, expression) => this.#writeProperty(value, name, expression) });
  }

  async #children(object: Runtime.RemoteObject): Promise<readonly Named[]> {
    const length = listLength(object);
    if (length <= partSize) return this.#properties(object);
    // Parts of parts where there are very many elements.
    return this.#parts(object, { start: 0, end: length, size: partSize ** Math.max(1, Math.ceil(Math.log(length) / Math.log(partSize)) - 1) });
  }

  #parts(object: Runtime.RemoteObject, { start, end, size }: { start: number; end: number; size: number }): Named[] {
    const parts: Named[] = [];
    for (let first = start; first < end; first += size) {
      const last = Math.min(first + size, end);
      const read = async () => (size > partSize ? this.#parts(object, { start: first, end: last, size: size / partSize }) : this.#elements(object, first, last));
      parts.push({ name: `[${first} … ${last - 1}]`, evaluateName: "", value: { read } });
    }
    return parts;
  }

  async #elements(object: Runtime.RemoteObject, start: number, end: number): Promise<readonly Named[]> {
    const { result } = await this.#cdp.post<Runtime.CallFunctionOnReturnType>("Runtime.callFunctionOn", {
      objectId: object.objectId,
      functionDeclaration: copyElements,
      arguments: [{ value: start }, { value: end }],
      objectGroup,
    });
    return (await this.#properties(result)).filter(({ name }) => /^\d+$/.test(name));
  }

  async #properties(object: Runtime.RemoteObject): Promise<readonly Named[]> {
    const { result, internalProperties = [], privateProperties = [] } = await this.#cdp.post<PropertiesReply>("Runtime.getProperties", { objectId: object.objectId, ownProperties: true, generatePreview: true });
    const own = result.map(({ name, value, get, symbol }) => ({ name: symbol?.description ? `[${symbol.description}]` : name, value: value ?? (get ? ("accessor" as const) : ("unavailable" as const)) }));
    const hidden = [...privateProperties, ...internalProperties].flatMap(({ name, value }) => (value ? [{ name, value }] : []));
    return [...own.filter(({ name }) => name !== "__proto__"), ...hidden.filter(({ name }) => name !== "[[Scopes]]" && name !== "[[FunctionLocation]]")];
  }

  async #writeProperty(object: Runtime.RemoteObject, name: string, expression: string): Promise<Runtime.RemoteObject> {
    const value = await this.#main.evaluate(expression, { generatePreview: true });
    const reply = await this.#cdp.post<Runtime.CallFunctionOnReturnType>("Runtime.callFunctionOn", {
      objectId: object.objectId,
      functionDeclaration: "function (name, value) { this[name] = value; }",
      arguments: [{ value: name }, callArgument(value)],
      silent: true,
    });
    checked(reply);
    return value;
  }
}

/** Types that @types/node 20 lacks. */
interface PropertiesReply extends Runtime.GetPropertiesReturnType {
  readonly privateProperties?: readonly { readonly name: string; readonly value?: Runtime.RemoteObject }[];
}

/** The elements of a long list; accessors are copied, not read. */
const copyElements = `function (start, end) {
  const part = {};
  for (let index = start; index < end; index++) {
    const own = Object.getOwnPropertyDescriptor(this, index);
    if (own) Object.defineProperty(part, index, own);
  }
  return part;
}`;

/** An array's length as V8 describes it: `Array(3)`, `Float32Array(100)`; 0 for everything else. */
function listLength({ subtype, description = "" }: Runtime.RemoteObject): number {
  return subtype === "array" || subtype === "typedarray" ? Number(/\((\d+)\)$/.exec(description)?.[1] ?? 0) : 0;
}
