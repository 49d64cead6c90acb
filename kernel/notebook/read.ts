import { ensureIds } from "./cell-id.ts";
import { NotebookFormatError } from "./errors.ts";
import type { Cell, Notebook } from "./types.ts";
import { latestMinor, validateNotebook } from "./validate.ts";

type Raw = Record<string, unknown>;

const join = (value: unknown): unknown => (Array.isArray(value) ? value.join("") : value);
const isJsonMime = (mime: string): boolean => /^application\/(.*\+)?json$/.test(mime);

function joinBundle(bundle: Raw): void {
  for (const mime of Object.keys(bundle)) {
    const value = bundle[mime];
    if (!isJsonMime(mime) && Array.isArray(value) && value.every((line) => typeof line === "string")) bundle[mime] = value.join("");
  }
}

function joinOutput(output: Raw): void {
  if ("text" in output) output.text = join(output.text);
  if (output.data !== undefined) joinBundle(output.data as Raw);
}

function joinLines(cell: Raw): void {
  cell.source = join(cell.source);
  for (const attachment of Object.values((cell.attachments as Raw | undefined) ?? {})) joinBundle(attachment as Raw);
  for (const output of (cell.outputs as Raw[] | undefined) ?? []) joinOutput(output);
}

function parseJson(text: string, name: string): unknown {
  if (text.trim() === "") throw new NotebookFormatError(`${name} is empty; expected a notebook (JSON of nbformat 4).`);
  try {
    return JSON.parse(text.charCodeAt(0) === 0xfeff ? text.slice(1) : text);
  } catch (error) {
    throw new NotebookFormatError(`${name} is not JSON: ${(error as Error).message}. Restore it, or convert it with the program that wrote it.`);
  }
}

function requireVersion4(raw: unknown, name: string): void {
  const version = (raw as Raw | null)?.nbformat;
  if (version === 4) return;
  if (typeof version === "number") {
    throw new NotebookFormatError(`${name} has notebook format ${version}; Potstill reads format 4. Convert it: jupyter nbconvert --to notebook --nbformat 4 FILE`);
  }
  throw new NotebookFormatError(`${name} is JSON, but not a notebook: the number "nbformat" is missing.`);
}

/**
 * Reads a notebook: JSON → validated → brought to nbformat 4.5 (cell ids), multi-line text joined.
 * Metadata that Potstill does not know is kept. Throws NotebookFormatError.
 * @param name what error messages call the file
 */
export function readNotebook(text: string, name = "the notebook"): Notebook {
  const raw = parseJson(text, name);
  requireVersion4(raw, name);
  repairIds(raw as Raw);
  validateNotebook(raw, name);
  const notebook = raw as Notebook;
  for (const cell of notebook.cells) joinLines(cell as unknown as Raw);
  ensureIds(notebook.cells);
  notebook.nbformat_minor = Math.max(notebook.nbformat_minor, latestMinor);
  delete notebook.metadata.orig_nbformat;
  delete notebook.metadata.orig_nbformat_minor;
  return notebook;
}

/** Minor versions before 4.5 must not carry ids, yet some writers leave them there: they are made anew. */
function repairIds(raw: Raw): void {
  if (typeof raw.nbformat_minor !== "number" || raw.nbformat_minor >= 5 || !Array.isArray(raw.cells)) return;
  for (const cell of raw.cells as (Cell | null)[]) if (cell !== null && typeof cell === "object") delete (cell as Partial<Cell>).id;
}
