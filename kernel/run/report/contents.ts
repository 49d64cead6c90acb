import { hasTag } from "../../notebook/index.ts";
import type { Notebook } from "../../notebook/index.ts";
import { headingId, headingsOf } from "./markdown.ts";

export interface Heading {
  level: number;
  /** HTML of one line, without links and pictures. */
  html: string;
  id: string;
}

/** The table of contents: headings of the first three levels. */
export function contentsOf(notebook: Notebook): Heading[] {
  return notebook.cells.flatMap((cell, index) => {
    if (cell.cell_type !== "markdown" || hasTag(cell, "papermill-error-cell-tag")) return [];
    return headingsOf(cell.source).map(({ level, html }, order) => ({ level, html, id: headingId(index, order) })).filter(({ level }) => level <= 3);
  });
}

export interface Title {
  /** Markdown of one line. */
  text: string;
  /** The cell that begins with it, if a cell does. */
  cell?: number;
}

/** The first markdown cell's leading level-one heading, else the metadata's title. */
export function titleOf(notebook: Notebook): Title | undefined {
  const cell = notebook.cells.findIndex((one) => one.cell_type === "markdown" && !hasTag(one, "papermill-error-cell-tag"));
  const heading = /^\s*#[ \t]+([^\n]+?)[ \t]*#*[ \t]*(?:\n|$)/.exec(notebook.cells[cell]?.source ?? "");
  if (heading !== null) return { text: heading[1], cell };
  return notebook.metadata.title === undefined ? undefined : { text: notebook.metadata.title };
}
