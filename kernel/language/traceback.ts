import { readFileSync } from "node:fs";
import { SourceMap } from "node:module";
import { dirname } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { inspect, stripVTControlCharacters } from "node:util";
import type { ErrorContent } from "../protocol/messages.ts";
import type { Compiled } from "./transpile.ts";
import { compileModule } from "./transpile.ts";

/** A cell as error messages name it. */
export interface CellSource {
  /** For example `In [3]`. */
  readonly label: string;
  readonly source: string;
  readonly compiled: Compiled;
}

/** A position in source code, 1-based. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

const kernelFolder = pathToFileURL(dirname(dirname(import.meta.filename))).href;
const cellUrl = /^potstill-cell:(\d+)$/;
const red = (text: string) => `\u001b[31m${text}\u001b[39m`;

/** The name under which V8 knows a cell. */
export function cellUrlOf(id: number): string {
  return `potstill-cell:${id}`;
}

/** Leads errors back from compiled JavaScript to the TypeScript that the user wrote. */
export class Tracebacks {
  readonly #cells = new Map<number, CellSource>();
  readonly #maps = new Map<string, SourceMap | undefined>();

  register(id: number, cell: CellSource): void {
    this.#cells.set(id, cell);
  }

  /** A cell that has run. */
  cell(id: number): CellSource | undefined {
    return this.#cells.get(id);
  }

  /** Makes `error.stack` show TypeScript positions everywhere, without the kernel's own frames. */
  install(): void {
    Error.prepareStackTrace = (error, sites) => {
      // Frames without a file, such as `new Promise`, are of interest only between frames that have one.
      const known = sites.map((site) => this.#frame(site));
      const end = known.findLastIndex((frame) => frame !== undefined && !frame.endsWith("(<anonymous>)")) + 1;
      return [headline(error), ...known.slice(0, end).filter((frame) => frame !== undefined)].join("\n    at ");
    };
  }

  /** What an error looks like in a notebook: name, value, and the stack beneath the cell's own lines. */
  describe(thrown: unknown): ErrorContent {
    if (!isError(thrown)) {
      const evalue = inspect(thrown);
      return { ename: "Uncaught", evalue, traceback: [`${red("Uncaught")} ${evalue}`] };
    }
    const stack = safely(() => String(thrown.stack), headline(thrown));
    const frame = this.#codeFrameOf(stack);
    const ename = safely(() => String(thrown.name), "Error");
    const evalue = safely(() => String(thrown.message), "");
    return { ename, evalue, traceback: [...frame, ...colourHead(stack, ename), ...details(thrown)] };
  }

  #frame(site: NodeJS.CallSite): string | undefined {
    // A call site's own string is what V8 would print.
    const text = (site as { toString(): string }).toString();
    const file = site.getScriptNameOrSourceURL() ?? site.getFileName() ?? undefined;
    if (file === undefined) return text;
    if (file.startsWith("node:") || file.startsWith(kernelFolder) || file.startsWith(fileURLToPath(kernelFolder))) return undefined;
    const line = site.getLineNumber() ?? 1;
    const column = site.getColumnNumber() ?? 1;
    const mapped = this.#map(file, { line, column });
    return mapped ? text.replace(`${file}:${line}:${column}`, mapped) : text;
  }

  #map(file: string, at: Position): string | undefined {
    const id = cellUrl.exec(file)?.[1];
    const cell = id === undefined ? undefined : this.#cells.get(Number(id));
    const map = this.#sourceMap(file, cell);
    if (map === undefined) return undefined;
    const entry = map.findEntry(at.line - 1, at.column - 1);
    if (!("originalLine" in entry)) return undefined;
    const name = cell?.label ?? fileURLToPath(file);
    return `${name}:${entry.originalLine + 1}:${entry.originalColumn + 1}`;
  }

  #sourceMap(file: string, cell: CellSource | undefined): SourceMap | undefined {
    if (!this.#maps.has(file)) this.#maps.set(file, safely(() => readMap(file, cell), undefined));
    return this.#maps.get(file);
  }

  #codeFrameOf(stack: string): string[] {
    for (const { label, source } of [...this.#cells.values()].reverse()) {
      const at = stack.indexOf(`${label}:`);
      if (at < 0) continue;
      const [line, column] = stack.slice(at + label.length + 1).split(/[:)\n]/, 2).map(Number);
      if (line && column) return codeFrame(source, label, { line, column });
    }
    return [];
  }
}

/** The lines around a position with a mark beneath it. */
export function codeFrame(source: string, label: string, at: Position, length = 1): string[] {
  const lines = source.split("\n");
  const first = Math.max(1, at.line - 2);
  const last = Math.min(lines.length, at.line + 2);
  const width = String(last).length;
  const shown: string[] = [`${label}:${at.line}:${at.column}`];
  for (let number = first; number <= last; number++) {
    const mark = number === at.line ? red(">") : " ";
    shown.push(`${mark} ${String(number).padStart(width)} | ${lines[number - 1]}`);
    if (number === at.line) shown.push(`  ${" ".repeat(width)} | ${" ".repeat(at.column - 1)}${red("^".repeat(length))}`);
  }
  return [...shown, ""];
}

function readMap(file: string, cell: CellSource | undefined): SourceMap | undefined {
  if (cell) return new SourceMap(JSON.parse(cell.compiled.map) as ConstructorParameters<typeof SourceMap>[0]);
  if (!/^file:.*\.[cm]?ts$/.test(file)) return undefined;
  const path = fileURLToPath(file);
  const compiled = compileModule(readFileSync(path, "utf8"), path, path.endsWith(".cts") ? "commonjs" : "module");
  return new SourceMap(JSON.parse(compiled.map) as ConstructorParameters<typeof SourceMap>[0]);
}

function isError(value: unknown): value is Error {
  return value instanceof Error || Object.prototype.toString.call(value) === "[object Error]";
}

function headline(error: unknown): string {
  return safely(() => Error.prototype.toString.call(error), "Error");
}

function colourHead(stack: string, ename: string): string[] {
  const lines = stack.split("\n");
  if (lines[0]?.startsWith(ename)) lines[0] = red(ename) + lines[0].slice(ename.length);
  return lines;
}

/** Causes and the members of an AggregateError, indented beneath their owner. */
function details(error: Error, depth = 0): string[] {
  if (depth > 8) return [];
  const nested: [string, unknown][] = error.cause === undefined ? [] : [["caused by:", error.cause]];
  if (error instanceof AggregateError) {
    error.errors.slice(0, 10).forEach((each, index) => nested.push([`error ${index + 1} of ${error.errors.length}:`, each]));
  }
  return nested.flatMap(([title, value]) => ["", title, ...nestedLines(value, depth).map((line) => `  ${line}`)]);
}

function nestedLines(value: unknown, depth: number): string[] {
  if (!isError(value)) return [inspect(value)];
  const stack = safely(() => String(value.stack), headline(value));
  return [...stack.split("\n"), ...details(value, depth + 1)];
}

function safely<T>(compute: () => T, fallback: T): T {
  try {
    return compute();
  } catch {
    return fallback;
  }
}

/** A traceback as plain text, for streams that do not understand colours. */
export function plainTraceback(content: ErrorContent): string {
  return stripVTControlCharacters(content.traceback.join("\n")) + "\n";
}
