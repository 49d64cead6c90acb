import { basename, isAbsolute } from "node:path";
import { escapeHtml } from "../../display/escape.ts";
import { Float } from "../../notebook/index.ts";
import type { ErrorOutput, Notebook } from "../../notebook/index.ts";
import { pythonFloat } from "../../notebook/python-float.ts";
import type { NotebookRecord } from "../papermill-metadata.ts";
import type { Title } from "./contents.ts";
import { interrupted } from "./interrupted.ts";
import { headingId, renderInline } from "./markdown.ts";
import type { Scrubber } from "./scrub.ts";
import { duration } from "./words.ts";

function valueText(value: unknown): string {
  if (typeof value === "bigint") return value.toString();
  if (value instanceof Float) return pythonFloat(value);
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  return JSON.stringify(value, (_, inner: unknown) => (typeof inner === "bigint" ? inner.toString() : inner instanceof Float ? inner.value : inner));
}

function parameterTable(record: Partial<NotebookRecord>, scrubber: Scrubber): string {
  const entries = Object.entries(record.parameters ?? {});
  if (entries.length === 0) return '<p class="note">Parameters: the notebook\'s defaults.</p>';
  const rows = entries.map(([name, value]) => `<tr><th scope="row"><code>${escapeHtml(name)}</code></th><td><code>${escapeHtml(scrubber.text(valueText(value)))}</code></td></tr>`);
  return `<table class="parameters"><caption>Parameters of this run</caption>${rows.join("")}</table>`;
}

function kernelName(notebook: Notebook): string {
  const { kernelspec, language_info: language } = notebook.metadata;
  const version = typeof language?.version === "string" ? ` ${language.version}` : "";
  const name = kernelspec?.display_name ?? kernelspec?.name ?? "unknown kernel";
  return language?.name === undefined ? name : `${name}, ${language.name}${version}`;
}

function moment(iso: string): string {
  return `${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC`;
}

const statusWords = { completed: "completed", failed: "failed", interrupted: "interrupted", running: "not finished", prepared: "not run" } as const;

function statusOf(notebook: Notebook, record: Partial<NotebookRecord>): keyof typeof statusWords {
  if (notebook.cells.some(interrupted)) return "interrupted";
  if (notebook.cells.some((cell) => (cell.metadata.papermill as { status?: string } | undefined)?.status === "failed")) return "failed";
  if (record.exception === true) return "interrupted"; // before any cell ran
  if (record.start_time === undefined) return "prepared";
  return record.end_time == null || notebook.cells.some((cell) => (cell.metadata.papermill as { status?: string } | undefined)?.status === "pending") ? "running" : "completed";
}

function failure(notebook: Notebook, scrubber: Scrubber): string {
  for (const cell of notebook.cells) {
    if (cell.cell_type !== "code" || (cell.metadata.papermill as { status?: string } | undefined)?.status !== "failed") continue;
    if (interrupted(cell)) return `<p class="note"><a href="#failed-cell">The run was interrupted at cell [${cell.execution_count ?? " "}]</a>. What follows that cell was not run.</p>`;
    const error = cell.outputs.findLast((output): output is ErrorOutput => output.output_type === "error");
    const what = error === undefined ? "The run stopped" : `${error.ename}: ${error.evalue.split("\n")[0]}`;
    return `<p class="error banner"><a href="#failed-cell">The run stopped at cell [${cell.execution_count ?? " "}]</a>: ${escapeHtml(scrubber.text(what))}. What follows that cell was not run.</p>`;
  }
  return "";
}

/** Title, status, provenance and parameters. */
export function renderHeader(notebook: Notebook, title: Title, scrubber: Scrubber): string {
  const record = (notebook.metadata.papermill ?? {}) as Partial<NotebookRecord>;
  const status = statusOf(notebook, record);
  const source = record.input_path === undefined || record.input_path === "-" ? undefined : isAbsolute(record.input_path) ? basename(record.input_path) : record.input_path;
  const facts = [
    source,
    kernelName(notebook),
    record.start_time ? moment(record.start_time) : undefined,
    typeof record.duration === "number" ? duration(record.duration) : undefined,
  ].filter((fact) => fact !== undefined);
  const line = facts.map((fact) => `<span>${escapeHtml(scrubber.text(fact))}</span>`).join(" ");
  const anchor = title.cell === undefined ? "" : ` id="${headingId(title.cell, 0)}"`;
  return `<header><h1${anchor}>${scrubber.text(renderInline(title.text))}</h1>
<p class="provenance"><span class="status ${status}">${statusWords[status]}</span> ${line}</p>
${failure(notebook, scrubber)}${parameterTable(record, scrubber)}</header>`;
}
