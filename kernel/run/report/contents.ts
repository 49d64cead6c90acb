import { hasTag } from "../../notebook/index.ts";
import type { Notebook } from "../../notebook/index.ts";

export interface Heading {
  level: number;
  text: string;
  id: string;
}

/** Markdown marks taken away: for titles and the table of contents. */
export function plainHeading(markdown: string): string {
  return markdown.replace(/!?\[([^\]]*)\]\([^)]*\)/g, "$1").replace(/<[^>]*>/g, "").replace(/[*_`~]/g, "").replace(/\s*#+\s*$/, "").trim();
}

/** The id of the `order`-th heading of cell `cell`. */
export const headingId = (cell: number, order: number): string => `h-${cell}-${order}`;

/** The headings of a markdown text, those in code fences left out. */
export function headingsOf(source: string): { level: number; text: string }[] {
  let fenced = false;
  return source.split("\n").flatMap((line) => {
    if (/^\s*(```|~~~)/.test(line)) fenced = !fenced;
    const match = fenced ? null : /^ {0,3}(#{1,6})\s+(.+)$/.exec(line);
    return match ? [{ level: match[1].length, text: plainHeading(match[2]) }] : [];
  });
}

/** The table of contents: headings of the first three levels. */
export function contentsOf(notebook: Notebook): Heading[] {
  return notebook.cells.flatMap((cell, index) => {
    if (cell.cell_type !== "markdown" || hasTag(cell, "papermill-error-cell-tag")) return [];
    return headingsOf(cell.source).map((heading, order) => ({ ...heading, id: headingId(index, order) })).filter(({ level }) => level <= 3);
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
