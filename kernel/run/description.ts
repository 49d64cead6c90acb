import type { Cell } from "../notebook/index.ts";

/** What a cell is about, in one line: `papermill_description=…`, else its first heading or comment, else nothing. */
export function describeCell(cell: Cell): string {
  const asked = /papermill_description=(\S+)/.exec(cell.source)?.[1];
  if (asked !== undefined) return asked;
  const line = cell.source.split("\n", 1)[0].trim();
  const said = cell.cell_type === "code" ? /^(?:\/\/+|#|--|%)\s*(.*)/.exec(line)?.[1] : /^#+\s*(.*)/.exec(line)?.[1];
  return (said ?? "").slice(0, 60);
}
