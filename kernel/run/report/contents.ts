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
    if (cell.cell_type !== "markdown") return [];
    return headingsOf(cell.source).map((heading, order) => ({ ...heading, id: headingId(index, order) })).filter(({ level }) => level <= 3);
  });
}

/** The first level-one heading, else the metadata's title. */
export function titleOf(notebook: Notebook): string | undefined {
  return contentsOf(notebook).find(({ level }) => level === 1)?.text ?? notebook.metadata.title;
}
