import { dirname } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { inspect, stripVTControlCharacters } from "node:util";
import type { ErrorContent } from "../protocol/messages.ts";
import type { CellSource, Place } from "./cell-sources.ts";
import { CellSources } from "./cell-sources.ts";
import type { Position } from "./code-frame.ts";
import { codeFrame } from "./code-frame.ts";
import { withoutVersions } from "./module-versions.ts";

export type { CellSource } from "./cell-sources.ts";
export { cellUrlOf } from "./cell-sources.ts";
export { codeFrame } from "./code-frame.ts";
export type { Position } from "./code-frame.ts";

const kernelUrl = `${pathToFileURL(dirname(dirname(import.meta.filename))).href}/`;
const kernelPath = fileURLToPath(kernelUrl);
const red = (text: string) => `\u001b[31m${text}\u001b[39m`;

/** `file` of a frame that is Node's or the kernel's own. */
const isInternal = (file: string): boolean => file.startsWith("node:") || file.startsWith(kernelUrl) || file.startsWith(kernelPath);

/** Where a line of a stack lies: a cell's label or a path, line and column. */
const placeInLine = /^\s+at (?:async )?(?:.*\()?((?:In \[\d+\])|cell|(?:[A-Za-z]:)?[/\\].*):(\d+):(\d+)\)?$/;

type Prepare = NonNullable<ErrorConstructor["prepareStackTrace"]>;

/** Leads errors back from compiled JavaScript to the TypeScript that the user wrote. */
export class Tracebacks {
  readonly #sources = new CellSources();

  register(id: number, cell: CellSource): void {
    this.#sources.add(id, cell);
  }

  /** A cell that has run. */
  cell(id: number): CellSource | undefined {
    return this.#sources.cell(id);
  }

  /**
   * Makes `error.stack` show TypeScript positions everywhere, without the kernel's own frames. User code may set
   * `Error.prepareStackTrace`, as it may in Node; setting it to undefined brings this one back.
   */
  install(): void {
    let chosen: Prepare | undefined;
    Object.defineProperty(Error, "prepareStackTrace", {
      get: () => chosen ?? this.#prepare,
      set: (value: unknown) => { chosen = typeof value === "function" ? (value as Prepare) : undefined; },
      configurable: true,
    });
  }

  readonly #prepare: Prepare = (error, sites) => {
    // Frames without a file, such as `new Promise`, are of interest only between frames that have one.
    const known = sites.map((site) => this.#frame(site));
    const end = known.findLastIndex((frame) => frame !== undefined && !frame.endsWith("(<anonymous>)")) + 1;
    return [headline(error), ...known.slice(0, end).filter((frame) => frame !== undefined)].join("\n    at ");
  };

  /**
   * What an error looks like in a notebook: name, value, the lines where it came from, and the stack.
   * @param at where the error lies in a script that does not even compile
   */
  describe(thrown: unknown, at?: { readonly url: string; readonly position: Position }): ErrorContent {
    if (!isError(thrown)) {
      const evalue = safely(() => inspect(thrown), "a value that cannot be shown");
      return { ename: "Uncaught", evalue, traceback: [`${red("Uncaught")} ${evalue}`] };
    }
    const stack = stackOf(thrown);
    const ename = safely(() => String(thrown.name), "Error");
    const evalue = withoutVersions(safely(() => String(thrown.message), ""));
    const places = this.#places(stack, headline(thrown));
    const place = at && this.#sources.original(at.url, at.position);
    const frames = (places.length === 0 && place ? [place] : places).flatMap((each) => this.#codeFrame(each));
    return { ename, evalue, traceback: [...frames, ...colourHead(stack, ename), ...details(thrown, new Set([thrown]))] };
  }

  /** The cell that led to an error, as far as its stack tells: the outermost. */
  cellOf(thrown: unknown): number | undefined {
    if (!isError(thrown)) return undefined;
    const ids = framesOf(stackOf(thrown), headline(thrown)).map(({ name }) => this.#sources.idOf(name));
    return ids.findLast((id) => id !== undefined);
  }

  #frame(site: NodeJS.CallSite): string | undefined {
    // A call site's own string is what V8 would print.
    const text = (site as { toString(): string }).toString();
    const file = site.getScriptNameOrSourceURL() ?? site.getFileName() ?? undefined;
    if (file === undefined) return text;
    if (isInternal(file)) return undefined;
    const at = { line: site.getLineNumber() ?? 1, column: site.getColumnNumber() ?? 1 };
    const place = this.#sources.original(file, at);
    return place ? text.replace(`${file}:${at.line}:${at.column}`, `${place.name}:${place.line}:${place.column}`) : withoutVersions(text);
  }

  /** Where to look: the innermost line of the cell that ran, and the line that threw if that is elsewhere. */
  #places(stack: string, head: string): Place[] {
    const known = framesOf(stack, head).filter(({ name }) => this.#sources.text(name) !== undefined);
    const written = inMessage(head);
    const thrower = written && this.#sources.text(written.name) !== undefined ? written : known.at(0);
    const started = known.findLast(({ name }) => !name.includes("/"));
    const caller = known.find(({ name }) => name === started?.name);
    if (thrower === undefined) return [];
    return caller === undefined || caller.name === thrower.name ? [thrower] : [caller, thrower];
  }

  #codeFrame(place: Place): string[] {
    const text = this.#sources.text(place.name);
    return text === undefined ? [] : codeFrame(text, place.name, place);
  }
}

/** The frames that a stack names, innermost first. */
function framesOf(stack: string, head: string): Place[] {
  const frames = stack.startsWith(head) ? stack.slice(head.length) : stack;
  return frames.split("\n").flatMap((line) => {
    const [, name, row, column] = placeInLine.exec(line) ?? [];
    return name === undefined ? [] : [{ name, line: Number(row), column: Number(column) }];
  });
}

/** An imported file that does not parse: `SyntaxError: /folder/file.ts:2:5: …`. */
function inMessage(head: string): Place | undefined {
  const [, name, line, column] = /^SyntaxError: (\/.*\.[cm]?tsx?):(\d+):(\d+): /.exec(head) ?? [];
  return name === undefined ? undefined : { name, line: Number(line), column: Number(column) };
}

/** An error's stack without the kernel's own frames, also when it was not written on this thread. */
function stackOf(error: Error): string {
  const stack = safely(() => String(error.stack), headline(error));
  return withoutVersions(stack).split("\n").filter((line) => !isInternalLine(line)).join("\n");
}

function isInternalLine(line: string): boolean {
  const [, file] = /^\s+at (?:.*?\()?(?:async )?((?:node:|file:|\/).*?)(?::\d+:\d+)?\)?$/.exec(line) ?? [];
  return file !== undefined && isInternal(file);
}

function isError(value: unknown): value is Error {
  return safely(() => value instanceof Error || Object.prototype.toString.call(value) === "[object Error]", false);
}

function headline(error: unknown): string {
  return withoutVersions(safely(() => Error.prototype.toString.call(error), "Error"));
}

function colourHead(stack: string, ename: string): string[] {
  const lines = stack.split("\n");
  if (lines[0]?.startsWith(ename)) lines[0] = red(ename) + lines[0].slice(ename.length);
  return lines;
}

/** Causes and the members of an AggregateError, indented beneath their owner. Each error is shown once. */
function details(error: Error, seen: Set<unknown>): string[] {
  if (seen.size > 30) return [];
  const cause = safely(() => error.cause, undefined);
  const nested: [string, unknown][] = cause === undefined ? [] : [["caused by:", cause]];
  const errors = safely(() => (error as { errors?: unknown }).errors, undefined);
  if (Array.isArray(errors)) errors.slice(0, 10).forEach((each, index) => nested.push([`error ${index + 1} of ${errors.length}:`, each]));
  return nested.flatMap(([title, value]) => ["", title, ...nestedLines(value, seen).map((line) => `  ${line}`)]);
}

function nestedLines(value: unknown, seen: Set<unknown>): string[] {
  if (!isError(value)) return [safely(() => inspect(value), "a value that cannot be shown")];
  if (seen.has(value)) return [`${headline(value)} (shown above)`];
  seen.add(value);
  return [...stackOf(value).split("\n"), ...details(value, seen)];
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
