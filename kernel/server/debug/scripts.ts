import type { Debugger } from "node:inspector";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { packageRoot } from "../../language/package-root.ts";
import { cellPath } from "./cell-path.ts";
import { LineMap, plainLines } from "./line-map.ts";
import type { Analyse } from "./debugging.ts";
import type { MainThread } from "./main-thread.ts";

/** A script of the user's: a cell, or a file that a cell imported. */
export interface Script {
  /** The name by which V8 knows it. */
  readonly url: string;
  /** The name by which the client knows it. */
  readonly path: string;
  /** For people: `In [3]`, or the path. */
  readonly label: string;
  readonly lines: Pick<LineMap, "original" | "generated" | "first">;
}

/** A position in a script, 1-based, in the user's own source. */
export interface Place {
  readonly script: Script;
  readonly line: number;
  readonly column: number;
}

const kernelFolder = dirname(dirname(import.meta.dirname));
const cellUrl = /^potstill-cell:(\d+)$/;

/** What is known of older scripts is asked again when it is needed. */
const rememberedScripts = 1000;

/** What must not be shown and not be stepped into: Node, the kernel, and what the debugger evaluates (regular expressions on V8's names). */
export function internalPatterns(notebookFolder: string): string[] {
  // Where imports of cells and of Potstill's own packages start from: scripts of these names are one function each.
  const importers = [join(notebookFolder, "notebook.ts"), join(packageRoot(), "notebook.js")];
  const own = [...namesOf(kernelFolder).map((name) => `^${name}[/\\\\]`), ...importers.flatMap(namesOf).map((name) => `^${name}$`)];
  return ["^node:", "^evalmachine", "^potstill-expression$", ...own];
}

/** A file's URL and its path, either of which V8 may know it by, for a regular expression. */
export const namesOf = (path: string): string[] => [pathToFileURL(path).href, path].map((name) => name.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&"));

/** All of the user's scripts that V8 has loaded, with the way from their JavaScript to the source. */
export class Scripts {
  readonly #main: MainThread;
  readonly #analyse: Analyse;
  readonly #internal: RegExp;
  /** V8's id → V8's name. */
  readonly #urls = new Map<string, string>();
  readonly #known = new Map<string, Promise<Script | undefined>>();
  readonly #sources = new Map<string, string>();

  constructor(main: MainThread, analyse: Analyse, notebookFolder: string) {
    this.#main = main;
    this.#analyse = analyse;
    this.#internal = new RegExp(internalPatterns(notebookFolder).join("|"));
  }

  /** V8 has loaded a script. Returns whether it is the user's. */
  parsed({ scriptId, url }: Debugger.ScriptParsedEventDataType): boolean {
    const isUsers = cellUrl.test(url) || (/^file:|^[/\\]|^[a-z]:[/\\]/i.test(url) && !this.#internal.test(url));
    if (isUsers) this.#urls.set(scriptId, url);
    return isUsers;
  }

  isUsers(scriptId: string): boolean {
    return this.#urls.has(scriptId);
  }

  /** Keeps a cell's code, so that its path has a source. Returns the path. */
  keepSource(code: string): string {
    const path = cellPath(code);
    this.#sources.delete(path);
    this.#sources.set(path, code);
    if (this.#sources.size > rememberedScripts) this.#sources.delete(this.#sources.keys().next().value!);
    return path;
  }

  /** A cell that is about to run. */
  addCell(id: number, code: string, { label, map }: { label: string; map: string }): Script {
    const script = { url: `potstill-cell:${id}`, path: this.keepSource(code), label, lines: new LineMap(map) };
    this.#known.set(script.url, Promise.resolve(script));
    if (this.#known.size > rememberedScripts) this.#known.delete(this.#known.keys().next().value!);
    return script;
  }

  /** Where a position of the user's code is in the source; undefined in code that is not the user's. */
  async place({ scriptId, lineNumber, columnNumber = 0 }: Debugger.Location): Promise<Place | undefined> {
    const script = await this.script(this.#urls.get(scriptId));
    const spot = script?.lines.original({ line: lineNumber, column: columnNumber });
    return script && spot && { script, line: spot.line + 1, column: spot.column + 1 };
  }

  /** The script that V8 knows by this name, when it is the user's. */
  async script(url: string | undefined): Promise<Script | undefined> {
    if (url === undefined) return undefined;
    const known = this.#known.get(url) ?? this.#find(url);
    this.#known.set(url, known);
    return known;
  }

  /** The runs of a cell, those still to come last. */
  async runs(path: string): Promise<readonly Script[]> {
    const urls = [...new Set([...this.#urls.values(), ...this.#known.keys()])].filter((url) => cellUrl.test(url));
    const scripts = await Promise.all(urls.map((url) => this.script(url)));
    return scripts.filter((script): script is Script => script?.path === path);
  }

  /** The files that have been loaded. */
  files(): readonly string[] {
    return [...new Set(this.#urls.values())].filter((url) => !cellUrl.test(url)).map(pathOf);
  }

  /** The text behind a path; undefined when there is none. */
  async source(path: string): Promise<string | undefined> {
    return this.#sources.get(path) ?? (await readFile(path, "utf8").catch(() => undefined));
  }

  /** A file as it is now, loaded or not, by its path. */
  file(path: string): Promise<Script | undefined> {
    const { href } = pathToFileURL(path);
    this.#known.delete(href);
    return this.script(href);
  }

  async #find(url: string): Promise<Script | undefined> {
    const id = cellUrl.exec(url)?.[1];
    if (id !== undefined) {
      const cell = await this.#main.cell(Number(id));
      return cell && { url, path: this.keepSource(cell.source), label: cell.label, lines: new LineMap(cell.map) };
    }
    const path = pathOf(url);
    return { url, path, label: path, lines: await this.#linesOf(path) };
  }

  async #linesOf(path: string): Promise<Script["lines"]> {
    if (!/\.[cm]?tsx?$/.test(path)) return plainLines;
    return this.#analyse("fileMap", path).then((map) => new LineMap(map), () => plainLines);
  }

  clear(): void {
    this.#urls.clear();
    this.#known.clear();
  }
}

function pathOf(url: string): string {
  return url.startsWith("file:") ? fileURLToPath(url) : url;
}
