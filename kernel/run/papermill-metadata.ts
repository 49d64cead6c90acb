import type { Cell, Notebook } from "../notebook/index.ts";
import type { Parameters } from "../notebook/index.ts";

/** The papermill whose metadata format this is. */
export const papermillVersion = "2.7.0";

export type CellStatus = "pending" | "running" | "completed" | "failed";

/** `metadata.papermill` of a cell. */
export interface CellRecord {
  duration: number | null;
  end_time: string | null;
  exception: boolean | null;
  start_time: string | null;
  status: CellStatus;
}

/** `metadata.papermill` of a notebook. */
export interface NotebookRecord {
  default_parameters: Record<string, unknown>;
  duration?: number | null;
  end_time?: string | null;
  environment_variables: Record<string, unknown>;
  exception?: boolean | null;
  input_path: string;
  output_path: string;
  parameters: Parameters;
  start_time?: string | null;
  version: string;
}

/** Milliseconds since 1970 with the clock's microseconds. */
export const now = (): number => performance.timeOrigin + performance.now();

/** Python's `datetime.isoformat()` of a moment in UTC: microseconds, offset `+00:00`. */
export function isoTime(milliseconds: number): string {
  const micros = Math.round(milliseconds * 1000);
  const whole = new Date(Math.floor(micros / 1000)).toISOString().slice(0, -1);
  return `${whole}${String(((micros % 1000) + 1000) % 1000).padStart(3, "0")}+00:00`;
}

const seconds = (from: number, to: number): number => Math.round((to - from) * 1000) / 1e6;

/** The cell's record, empty before the run starts. */
export const cellRecord = (cell: Cell): CellRecord => cell.metadata.papermill as CellRecord;
export const notebookRecord = (notebook: Notebook): NotebookRecord => notebook.metadata.papermill as NotebookRecord;

/** Gives the notebook its record and every cell tags and a record, as papermill does on loading. */
export function prepareRecords(notebook: Notebook, paths: { input: string; output: string }, parameters: Parameters): void {
  const record = (notebook.metadata.papermill ?? { default_parameters: {}, parameters: {}, environment_variables: {}, version: papermillVersion }) as NotebookRecord;
  if (Object.keys(parameters).length > 0) record.parameters = parameters;
  notebook.metadata.papermill = { ...record, input_path: paths.input, output_path: paths.output };
  for (const cell of notebook.cells) {
    cell.metadata.tags ??= [];
    cell.metadata.papermill ??= {};
  }
}

/** Clears what an earlier run left and marks every cell pending. */
export function startRecords(notebook: Notebook, time: number): void {
  Object.assign(notebookRecord(notebook), { start_time: isoTime(time), end_time: null, duration: null, exception: null });
  for (const cell of notebook.cells) {
    cell.metadata.papermill = { exception: null, start_time: null, end_time: null, duration: null, status: "pending" } satisfies CellRecord;
    if (cell.cell_type === "code") Object.assign(cell, { outputs: [], execution_count: null });
  }
}

export function startCell(cell: Cell, time: number): void {
  Object.assign(cellRecord(cell), { start_time: isoTime(time), status: "running", exception: false });
}

export function failCell(notebook: Notebook, cell: Cell): void {
  Object.assign(cellRecord(cell), { exception: true, status: "failed" });
  notebookRecord(notebook).exception = true;
}

/** Ends a cell; one that failed stays failed. */
export function endCell(cell: Cell, started: number, time: number): void {
  const record = cellRecord(cell);
  Object.assign(record, { end_time: isoTime(time), duration: seconds(started, time) });
  if (record.status !== "failed") record.status = "completed";
}

export function endRecords(notebook: Notebook, started: number, time: number): void {
  Object.assign(notebookRecord(notebook), { end_time: isoTime(time), duration: seconds(started, time) });
}
