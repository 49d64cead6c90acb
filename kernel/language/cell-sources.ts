import { readFileSync } from "node:fs";
import { SourceMap } from "node:module";
import { fileURLToPath } from "node:url";
import type { Position } from "./code-frame.ts";
import type { Compiled } from "./transpile.ts";
import { compiledFile } from "./typescript-files.ts";

/** A cell as error messages name it. */
export interface CellSource {
  /** For example `In [3]`. */
  readonly label: string;
  readonly source: string;
  readonly compiled: Pick<Compiled, "map">;
}

/** A place in what the user wrote. */
export interface Place extends Position {
  /** A cell's label or a file's path. */
  readonly name: string;
}

/** How many characters of sources and maps are kept for error messages, and how many maps are kept ready for use. */
const limits = { characters: 32 * 1024 * 1024, maps: 32 } as const;

const cellUrl = /^potstill-cell:(\d+)$/;

/** The name under which V8 knows a cell. */
export function cellUrlOf(id: number): string {
  return `potstill-cell:${id}`;
}

/** The cells' sources and the ways back to them from what V8 runs. The oldest are forgotten when they are too many. */
export class CellSources {
  readonly #cells = new Map<number, CellSource>();
  readonly #byLabel = new Map<string, number>();
  readonly #maps = new Map<string, SourceMap | undefined>();
  #characters = 0;

  add(id: number, cell: CellSource): void {
    this.#cells.set(id, cell);
    this.#byLabel.set(cell.label, id);
    this.#characters += sizeOf(cell);
    for (const oldest of this.#cells.keys()) {
      if (this.#characters <= limits.characters || oldest === id) return;
      this.#forget(oldest);
    }
  }

  /** A cell that has run, unless it is forgotten. */
  cell(id: number): CellSource | undefined {
    return this.#cells.get(id);
  }

  /** The newest cell with this label. */
  idOf(label: string): number | undefined {
    return this.#byLabel.get(label);
  }

  /** Where in the user's TypeScript a position of a script or module lies. */
  original(file: string, at: Position): Place | undefined {
    const id = cellUrl.exec(file)?.[1];
    const cell = id === undefined ? undefined : this.#cells.get(Number(id));
    const entry = this.#map(file, cell)?.findEntry(at.line - 1, at.column - 1);
    if (entry === undefined || !("originalLine" in entry)) return undefined;
    return { name: cell?.label ?? fileURLToPath(file), line: entry.originalLine + 1, column: entry.originalColumn + 1 };
  }

  /** The text of a cell, by its label, or of a TypeScript file, by its path. */
  text(name: string): string | undefined {
    const id = this.#byLabel.get(name);
    if (id !== undefined) return this.#cells.get(id)?.source;
    return /\.[cm]?tsx?$/.test(name) ? read(name) : undefined;
  }

  #map(file: string, cell: CellSource | undefined): SourceMap | undefined {
    if (!this.#maps.has(file)) {
      this.#maps.set(file, mapOf(file, cell));
      const [oldest] = this.#maps.keys();
      if (this.#maps.size > limits.maps) this.#maps.delete(oldest);
    }
    return this.#maps.get(file);
  }

  #forget(id: number): void {
    const cell = this.#cells.get(id)!;
    this.#cells.delete(id);
    if (this.#byLabel.get(cell.label) === id) this.#byLabel.delete(cell.label);
    this.#characters -= sizeOf(cell);
  }
}

function sizeOf({ source, compiled }: CellSource): number {
  return source.length + compiled.map.length;
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

function mapOf(file: string, cell: CellSource | undefined): SourceMap | undefined {
  try {
    return cell ? parse(cell.compiled) : parse(importedFile(file));
  } catch {
    return undefined;
  }
}

function importedFile(file: string): Compiled | undefined {
  if (!/^file:.*\.[cm]?tsx?(\?.*)?$/.test(file)) return undefined;
  return compiledFile(fileURLToPath(file));
}

function parse(compiled: Pick<Compiled, "map"> | undefined): SourceMap | undefined {
  return compiled && new SourceMap(JSON.parse(compiled.map) as ConstructorParameters<typeof SourceMap>[0]);
}
