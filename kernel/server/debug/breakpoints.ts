import type { Debugger } from "node:inspector";
import type { JsonObject } from "../../protocol/messages.ts";
import { asInteger, asString } from "../../protocol/messages.ts";
import type { Cdp } from "./cdp.ts";
import { isCellPath } from "./cell-path.ts";
import type { Analyse } from "./debugging.ts";
import type { Script, Scripts } from "./scripts.ts";
import { namesOf } from "./scripts.ts";

interface Breakpoint {
  readonly id: number;
  /** 1-based; a line at which execution can stop. Undefined when the source has none there or below. */
  readonly line: number | undefined;
  /** JavaScript; empty when execution always stops. */
  readonly condition: string;
}

/** How many runs of the same cell keep their breakpoints: functions of earlier runs may still be in use. */
const rememberedRuns = 20;

/** The breakpoints that the client wants, and those that V8 has for them. They outlive every run of their cell. */
export class Breakpoints {
  readonly #cdp: Cdp;
  readonly #analyse: Analyse;
  readonly #scripts: Scripts;
  readonly #wanted = new Map<string, readonly Breakpoint[]>();
  /** Path → ids of V8's breakpoints. */
  readonly #set = new Map<string, string[]>();
  /** Id of V8's → the client's id. */
  readonly #ids = new Map<string, number>();
  #count = 0;
  #replacing = Promise.resolve();

  constructor(cdp: Cdp, analyse: Analyse, scripts: Scripts) {
    this.#cdp = cdp;
    this.#analyse = analyse;
    this.#scripts = scripts;
  }

  /** Replaces a path's breakpoints. Resolves with them as the client sees them: at lines where execution can stop. */
  replace(path: string, asked: readonly JsonObject[]): Promise<JsonObject[]> {
    const replaced = this.#replace(path, asked);
    this.#replacing = replaced.then(() => undefined, () => undefined);
    return replaced;
  }

  /** Resolves when no breakpoints are being replaced any more: a cell that was sent later must stop at them. */
  settled(): Promise<void> {
    return this.#replacing;
  }

  async #replace(path: string, asked: readonly JsonObject[]): Promise<JsonObject[]> {
    await this.#remove(path);
    const source = await this.#scripts.source(path);
    const lines = source === undefined ? undefined : await this.#analyse("breakableLines", source);
    const wanted = await Promise.all(asked.map((each) => this.#breakpoint(each, lines)));
    this.#wanted.set(path, wanted);
    if (wanted.length === 0) this.#wanted.delete(path);
    for (const script of await this.#scriptsOf(path)) await this.bind(script);
    return wanted.map(({ id, line }, index) => describe(id, line ?? asInteger(asked[index].line, 1), path, line !== undefined));
  }

  /** Sets a script's breakpoints in V8, which also waits for scripts that are still to come. */
  async bind(script: Script): Promise<void> {
    for (const { id, line, condition } of this.#wanted.get(script.path) ?? []) {
      const spot = line === undefined ? undefined : script.lines.generated(line - 1);
      if (spot === undefined) continue;
      const position = { lineNumber: spot.line, columnNumber: spot.column, condition };
      const { breakpointId } = await this.#cdp.post<Debugger.SetBreakpointByUrlReturnType>("Debugger.setBreakpointByUrl", { ...target(script), ...position }).catch(alreadySet);
      this.#remember(script.path, breakpointId, id);
    }
  }

  /** The client's ids of the breakpoints that V8 stopped at. */
  hit(ids: readonly string[] = []): number[] {
    return ids.flatMap((id) => this.#ids.get(id) ?? []);
  }

  /** All breakpoints as `debugInfo` lists them. */
  list(): JsonObject[] {
    return [...this.#wanted].map(([source, points]) => ({ source, breakpoints: points.flatMap(({ line }) => (line === undefined ? [] : [{ line }])) }));
  }

  /** Forgets everything; V8 forgets by itself when the connection ends. */
  clear(): void {
    for (const map of [this.#wanted, this.#set, this.#ids]) map.clear();
  }

  async #breakpoint(asked: JsonObject, lines: readonly number[] | undefined): Promise<Breakpoint> {
    const line = asInteger(asked.line, 1);
    const found = lines === undefined ? line : (lines.find((each) => each >= line) ?? lines.at(-1));
    return { id: ++this.#count, line: found, condition: await this.#condition(asked) };
  }

  /** A condition, or for a log point the code that prints and does not stop, as JavaScript. */
  async #condition(asked: JsonObject): Promise<string> {
    const condition = asString(asked.condition).trim();
    const log = asString(asked.logMessage);
    const printed = log === "" ? "" : `(console.log(\`${log.replace(/[\\`]/g, "\\$&").replaceAll("{", "${")}\`), false)`;
    const code = condition && printed ? `(${condition}) && ${printed}` : condition || printed;
    if (code === "") return "";
    const compiled = await this.#analyse("expression", code);
    return "error" in compiled ? code : compiled.code;
  }

  async #scriptsOf(path: string): Promise<readonly Script[]> {
    if (isCellPath(path)) return (await this.#scripts.runs(path)).slice(-rememberedRuns);
    const file = await this.#scripts.file(path);
    return file ? [file] : [];
  }

  async #remove(path: string): Promise<void> {
    const ids = this.#set.get(path) ?? [];
    this.#set.delete(path);
    for (const breakpointId of ids) {
      this.#ids.delete(breakpointId);
      await this.#cdp.post("Debugger.removeBreakpoint", { breakpointId });
    }
  }

  #remember(path: string, breakpointId: string | undefined, id: number): void {
    if (breakpointId === undefined) return;
    const ids = this.#set.get(path) ?? [];
    ids.push(breakpointId);
    this.#set.set(path, ids);
    this.#ids.set(breakpointId, id);
  }
}

/** Two breakpoints on one line are one. */
function alreadySet(error: Error): { breakpointId?: undefined } {
  if (/already exists/.test(error.message)) return {};
  throw error;
}

/** ES modules are known by URL, CommonJS files by path, both perhaps with a query. */
function target({ url, path }: Script): object {
  if (isCellPath(path)) return { url };
  return { urlRegex: `^(?:${namesOf(path).join("|")})(?:\\?.*)?$` };
}

function describe(id: number, line: number, path: string, verified: boolean): JsonObject {
  const missing = verified ? {} : { message: "There is no code in this source." };
  return { id, verified, line, source: { path }, ...missing };
}
