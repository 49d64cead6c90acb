import { hasTag } from "../notebook/index.ts";
import type { Notebook } from "../notebook/index.ts";
import { newMarkdownCell } from "../notebook/cell-id.ts";

const tag = "papermill-error-cell-tag";
const style = 'style="color:red; font-family:Helvetica Neue, Helvetica, Arial, sans-serif; font-size:2em;"';

/** Takes away the markers of an earlier run. */
export function removeErrorMarkers(notebook: Notebook): void {
  notebook.cells = notebook.cells.filter((cell) => !hasTag(cell, tag));
}

/** papermill's two cells: a link on top, and the anchor before the cell at `index` that failed. */
export function addErrorMarkers(notebook: Notebook, index: number): void {
  const failed = notebook.cells[index];
  const count = failed.cell_type === "code" ? (failed.execution_count ?? "None") : "None";
  const link = `<span ${style}>An Exception was encountered at '<a href="#papermill-error-cell">In [${count}]</a>'.</span>`;
  const anchor = `<span id="papermill-error-cell" ${style}>Execution using papermill encountered an exception here and stopped:</span>`;
  notebook.cells.splice(index, 0, newMarkdownCell(anchor, [tag], notebook.cells));
  notebook.cells.unshift(newMarkdownCell(link, [tag], notebook.cells));
}
