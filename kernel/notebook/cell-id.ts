import { createHash } from "node:crypto";
import type { Cell } from "./types.ts";

/** An id for a new cell, a pure function of its place and text, so that the same notebook gets the same ids each time. */
export function cellId(index: number, source: string, taken: ReadonlySet<string>): string {
  for (let salt = 0; ; salt++) {
    const id = createHash("sha256").update(`${salt}\0${index}\0${source}`).digest("hex").slice(0, 8);
    if (!taken.has(id)) return id;
  }
}

/** Gives every cell that lacks a (unique) id one. */
export function ensureIds(cells: Cell[]): void {
  const taken = new Set<string>();
  for (const [index, cell] of cells.entries()) {
    if (typeof cell.id !== "string" || taken.has(cell.id)) cell.id = cellId(index, cell.source, taken);
    taken.add(cell.id);
  }
}

/** A markdown cell with the given text, tags and a fresh id among `cells`. */
export function newMarkdownCell(source: string, tags: string[], cells: readonly Cell[]): Cell {
  return { cell_type: "markdown", id: cellId(-1, source, idsOf(cells)), metadata: { tags }, source };
}

/** The ids in use. */
export function idsOf(cells: readonly Cell[]): Set<string> {
  return new Set(cells.map((cell) => cell.id));
}
