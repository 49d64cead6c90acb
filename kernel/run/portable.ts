import type { Cell, Notebook, Output } from "../notebook/index.ts";
import { Float } from "../notebook/index.ts";
import { hasTag } from "../notebook/types.ts";
import { Scrubber } from "./report/scrub.ts";

/** Bytes in letters: no path stands in them. */
const isBinary = (type: string): boolean => /^(?:image\/(?!svg)|audio\/|video\/|application\/(?:pdf|octet-stream))/.test(type);

type Clean = (text: string) => string;

/** A copy of a JSON value with every text in it cleaned, the keys' excepted. */
function everywhere(value: unknown, clean: Clean): unknown {
  if (typeof value === "string") return clean(value);
  if (Array.isArray(value)) return value.map((item) => everywhere(item, clean));
  if (typeof value !== "object" || value === null || value instanceof Float) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, everywhere(item, clean)]));
}

function cleanOutput(output: Output, clean: Clean): Output {
  if (output.output_type === "stream") return { ...output, text: clean(output.text) };
  if (output.output_type === "error") return { ...output, ename: clean(output.ename), evalue: clean(output.evalue), traceback: output.traceback.map(clean) };
  const data = Object.entries(output.data).map(([type, value]) => [type, isBinary(type) ? value : everywhere(value, clean)]);
  return { ...output, data: Object.fromEntries(data) as typeof output.data };
}

/** What a run wrote into a cell is cleaned; what its author wrote is not touched. */
function cleanCell(cell: Cell, clean: Clean): Cell {
  const written = hasTag(cell, "injected-parameters") || hasTag(cell, "papermill-error-cell-tag");
  const source = written ? clean(cell.source) : cell.source;
  return cell.cell_type === "code" ? { ...cell, source, outputs: cell.outputs.map((output) => cleanOutput(output, clean)) } : { ...cell, source };
}

/**
 * An executed notebook that tells nothing of the folders it was made in: outputs, errors, injected parameters and
 * papermill's record show what stands for each folder. The notebook itself stays as it is.
 * @param hide pairs of a folder and what stands for it
 */
export function portableNotebook(notebook: Notebook, hide: readonly (readonly [string, string])[]): Notebook {
  const scrubber = new Scrubber(hide);
  const clean: Clean = (text) => scrubber.text(text);
  const { papermill, widgets, ...metadata } = notebook.metadata;
  return {
    ...notebook,
    metadata: { ...metadata, ...(widgets !== undefined && { widgets: everywhere(widgets, clean) }), ...(papermill !== undefined && { papermill: everywhere(papermill, clean) }) },
    cells: notebook.cells.map((cell) => cleanCell(cell, clean)),
  };
}
