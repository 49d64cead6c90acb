import { Float } from "./float.ts";
import { pythonFloat } from "./python-float.ts";
import type { Cell, MimeBundle, Notebook, Output } from "./types.ts";

/** Cuts text after each line feed, as nbformat stores it. */
function lines(text: string): string[] {
  return text === "" ? [] : text.split(/(?<=\n)/);
}

const isSplit = (mime: string): boolean => mime.startsWith("text/") || mime === "image/svg+xml" || mime === "application/javascript";

function splitBundle(bundle: MimeBundle): MimeBundle {
  return Object.fromEntries(Object.entries(bundle).map(([mime, value]) => [mime, typeof value === "string" && isSplit(mime) ? lines(value) : value]));
}

function splitOutput(output: Output): unknown {
  if (output.output_type === "stream") return { ...output, text: lines(output.text) };
  return "data" in output ? { ...output, data: splitBundle(output.data) } : output;
}

function splitCell(cell: Cell): unknown {
  const attachments = cell.attachments && Object.fromEntries(Object.entries(cell.attachments).map(([name, bundle]) => [name, splitBundle(bundle)]));
  const common = { ...cell, source: lines(cell.source), ...(attachments ? { attachments } : {}) };
  return cell.cell_type === "code" ? { ...common, outputs: cell.outputs.map(splitOutput) } : common;
}

function scalar(value: unknown): string {
  if (typeof value === "bigint") return value.toString();
  if (value instanceof Float) return pythonFloat(value);
  // JSON has no NaN and no infinities; their names are kept instead of a silent null.
  if (typeof value === "number" && !Number.isFinite(value)) return JSON.stringify(String(value));
  return JSON.stringify(value) ?? "null";
}

function block(open: string, items: string[], close: string, indent: string): string {
  return items.length === 0 ? open + close : `${open}\n${items.map((item) => `${indent} ${item}`).join(",\n")}\n${indent}${close}`;
}

function serialise(value: unknown, indent: string): string {
  if (typeof value !== "object" || value === null || value instanceof Float) return scalar(value);
  const inner = `${indent} `;
  if (Array.isArray(value)) return block("[", value.map((item) => serialise(item, inner)), "]", indent);
  const record = value as Record<string, unknown>;
  const keys = Object.keys(record).filter((key) => record[key] !== undefined).sort();
  return block("{", keys.map((key) => `${JSON.stringify(key)}: ${serialise(record[key], inner)}`), "}", indent);
}

/** A notebook as file text, laid out as nbformat lays it out: sorted keys, indent 1, text split into lines, final newline. */
export function writeNotebook(notebook: Notebook): string {
  return `${serialise({ ...notebook, cells: notebook.cells.map(splitCell) }, "")}\n`;
}
