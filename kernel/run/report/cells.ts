import { escapeHtml } from "../../display/escape.ts";
import { hasTag } from "../../notebook/index.ts";
import type { Cell, CodeCell, Notebook } from "../../notebook/index.ts";
import { interrupted } from "./interrupted.ts";
import { highlight } from "./highlight.ts";
import { renderMarkdown } from "./markdown.ts";
import { renderOutput } from "./outputs.ts";
import type { Scrubber } from "./scrub.ts";
import { duration } from "./words.ts";

interface Context {
  folder: string | undefined;
  scrubber: Scrubber;
  /** The cell whose leading heading the page's header shows. */
  titleCell?: number | undefined;
}

interface Timing {
  status?: string;
  duration?: number | null;
}

function caption(cell: CodeCell): string {
  const { status, duration: seconds } = (cell.metadata.papermill ?? {}) as Timing;
  const name = hasTag(cell, "injected-parameters") ? "Parameters of this run" : hasTag(cell, "parameters") ? "Parameters" : "Code";
  const time = typeof seconds === "number" && seconds >= 0.1 ? ` · ${duration(seconds)}` : "";
  const mark = interrupted(cell) ? " · interrupted" : status === "failed" ? " · failed" : status === "pending" ? " · not run" : "";
  return `${name} [${cell.execution_count ?? " "}]${time}${mark}`;
}

function codeCell(cell: CodeCell, index: number, language: string, context: Context & { onFigure: () => void }): string {
  const status = ((cell.metadata.papermill ?? {}) as Timing).status;
  const source = cell.source.trim() === "" ? "" : `<details class="code"><summary>${escapeHtml(caption(cell))}</summary><pre><code>${highlight(context.scrubber.text(cell.source), language)}</code></pre></details>`;
  const outputs = cell.outputs.map((output) => `<div class="output">${renderOutput(output, context)}</div>`).join("\n");
  const failed = status === "failed";
  return `<section class="cell${failed ? " failed" : ""}"${failed ? ' id="failed-cell"' : ` id="cell-${index}"`}>${source}${outputs}</section>`;
}

function cellHtml(cell: Cell, index: number, language: string, context: Context & { onFigure: () => void }): string {
  if (cell.cell_type === "code") return codeCell(cell, index, language, context);
  if (cell.cell_type === "raw") return `<section class="cell"><pre class="text">${escapeHtml(context.scrubber.text(cell.source))}</pre></section>`;
  const { folder, scrubber, titleCell } = context;
  return `<section class="cell markdown">${scrubber.text(renderMarkdown(cell.source, { cell: index, folder, attachments: cell.attachments, skipTitle: index === titleCell }))}</section>`;
}

/** All cells as HTML, and how many interactive figures they hold. papermill's error markers are left out: the header has its own. */
export function renderCells(notebook: Notebook, context: Context): { html: string; figures: number } {
  let figures = 0;
  const language = notebook.metadata.language_info?.name ?? notebook.metadata.kernelspec?.language ?? "";
  const full = { ...context, onFigure: () => { figures++; } };
  const parts = notebook.cells.map((cell, index) => (hasTag(cell, "papermill-error-cell-tag") ? "" : cellHtml(cell, index, language, full)));
  return { html: parts.filter((part) => part !== "").join("\n"), figures };
}
