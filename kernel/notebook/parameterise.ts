import { cellId, idsOf } from "./cell-id.ts";
import { ParameterError } from "./errors.ts";
import type { Parameters } from "./float.ts";
import { codify, findTranslator } from "./translate/index.ts";
import type { KnownParameter } from "./translate/index.ts";
import { hasTag } from "./types.ts";
import type { Cell, CodeCell, Notebook } from "./types.ts";

/** The kernel and language that say how parameters are written; both default to the notebook's own. */
export interface ParameteriseOptions {
  kernel?: string | undefined;
  language?: string | undefined;
  /** Names that need not be declared by the parameters cell (the injected paths). */
  exempt?: readonly string[];
  /** What happens to parameters that the notebook does not declare: refused by default. */
  allowUnknown?: boolean;
  reportMode?: boolean;
  warn?: (message: string) => void;
}

const kernelOf = (notebook: Notebook, options: ParameteriseOptions): string | undefined => options.kernel ?? notebook.metadata.kernelspec?.name;
const languageOf = (notebook: Notebook, options: ParameteriseOptions): string | undefined =>
  options.language ?? notebook.metadata.language_info?.name ?? notebook.metadata.kernelspec?.language;

const tagged = (cells: readonly Cell[], tag: string): number => cells.findIndex((cell) => hasTag(cell, tag));

/**
 * The parameters that the first cell tagged `parameters` declares:
 * undefined when there is no such cell, or its language cannot be inspected.
 */
export async function inspectParameters(notebook: Notebook, options: ParameteriseOptions = {}): Promise<KnownParameter[] | undefined> {
  const cell = notebook.cells[tagged(notebook.cells, "parameters")];
  if (cell === undefined) return undefined;
  const translator = findTranslator(kernelOf(notebook, options), languageOf(notebook, options));
  return translator.inspect?.(cell.source);
}

/** Edits to make one name of the other: insertions, deletions, substitutions. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) next.push(Math.min(next[j - 1] + 1, row[j] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1)));
    row = next;
  }
  return row[b.length];
}

function describeUnknown(unknown: readonly string[], known: readonly KnownParameter[]): string {
  const names = unknown.map((name) => {
    const close = known.map((one) => one.name).filter((one) => distance(one, name) <= Math.max(1, Math.floor(name.length / 3)));
    return JSON.stringify(name) + (close.length > 0 ? ` (did you mean ${close.join(" or ")}?)` : "");
  });
  const list = known.map((one) => `${one.name} = ${one.default}`).join(", ");
  return `Unknown parameter${unknown.length > 1 ? "s" : ""} ${names.join(", ")}. The notebook's parameters are: ${list || "none"}. (--allow-unknown-parameters passes them all the same.)`;
}

function checkKnown(names: readonly string[], known: readonly KnownParameter[] | undefined, hasCell: boolean, options: ParameteriseOptions): void {
  if (known === undefined && hasCell) {
    options.warn?.("The parameters cell of this language cannot be inspected: parameter names are not checked.");
    return;
  }
  const declared = new Set([...(known ?? []).map((one) => one.name), ...(options.exempt ?? [])]);
  const unknown = names.filter((name) => !declared.has(name));
  if (unknown.length === 0) return;
  if (options.allowUnknown) {
    for (const name of unknown) options.warn?.(`Passed unknown parameter: ${name}`);
    return;
  }
  const message = hasCell ? describeUnknown(unknown, known ?? []) : `The notebook has no cell tagged "parameters", so it takes no parameters; received ${unknown.join(", ")}. Tag the cell that sets the defaults. (--allow-unknown-parameters passes them all the same, at the top.)`;
  throw new ParameterError(message);
}

function injectedCell(source: string, notebook: Notebook, reportMode: boolean): CodeCell {
  const id = cellId(-1, `injected-parameters\n${source}`, idsOf(notebook.cells));
  const metadata = { tags: ["injected-parameters"], ...(reportMode ? { jupyter: { source_hidden: true } } : {}) };
  return { cell_type: "code", id, metadata, source, outputs: [], execution_count: null };
}

/** Where the new cell goes: in place of the last injection, else after the parameters cell, else on top. */
function inject(cells: readonly Cell[], cell: CodeCell): Cell[] {
  const earlier = tagged(cells, "injected-parameters");
  if (earlier >= 0) return [...cells.slice(0, earlier), cell, ...cells.slice(earlier + 1)];
  const after = tagged(cells, "parameters") + 1;
  return [...cells.slice(0, after), cell, ...cells.slice(after)];
}

/**
 * The notebook with a cell tagged `injected-parameters` that sets the given values (papermill's rules).
 * Without parameters the notebook is returned as it is.
 * Throws a ParameterError for unknown parameters, impossible names, and languages that cannot be written.
 */
export async function parameteriseNotebook(notebook: Notebook, parameters: Parameters, options: ParameteriseOptions = {}): Promise<Notebook> {
  if (Object.keys(parameters).length === 0) return notebook;
  const translator = findTranslator(kernelOf(notebook, options), languageOf(notebook, options));
  const known = await inspectParameters(notebook, options);
  const hasCell = tagged(notebook.cells, "parameters") >= 0;
  checkKnown(Object.keys(parameters), known, hasCell, options);
  if (!hasCell) options.warn?.("Input notebook does not contain a cell with tag 'parameters'");
  const cell = injectedCell(codify(translator, parameters, known ?? []), notebook, options.reportMode ?? false);
  return { ...notebook, cells: inject(notebook.cells, cell) };
}
