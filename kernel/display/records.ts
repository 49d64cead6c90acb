import { inspect, types } from "node:util";
import { columnarTable } from "./columnar.ts";
import type { Columnar } from "./columnar.ts";
import { isObject, lookup } from "./lookup.ts";
import type { MimeBundle } from "./mime.ts";
import { tableHtml } from "./table.ts";

type Row = Readonly<Record<string, unknown>>;

/** How many rows are looked at to tell records from other arrays, and to find their columns. */
const examined = 1000;

function isPlain(value: unknown): value is Row {
  if (typeof value !== "object" || value === null || types.isProxy(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype || Object.getPrototypeOf(prototype) === null && lookup(lookup(prototype, "constructor"), "name") === "Object";
}

/** A row's cell; a getter is not run. */
function cell(row: Row, name: string): unknown {
  const found = Object.getOwnPropertyDescriptor(row, name);
  return found?.get === undefined ? (found?.value as unknown) : getter;
}

/** Stands for a value that only running code would tell. */
const getter = { [inspect.custom]: () => "[Getter]" };

const isScalar = (value: unknown): boolean => (typeof value !== "object" && typeof value !== "function") || value === null || value instanceof Date;

/** Arrays of plain objects that mostly hold single values: what a table can show. Arrays of trees stay text. */
export function isRecords(value: unknown): value is readonly Row[] {
  if (!Array.isArray(value) || value.length === 0) return false;
  const rows = (value as unknown[]).slice(0, examined);
  if (!rows.every(isPlain)) return false;
  const cells = rows.flatMap((row) => Object.keys(row).slice(0, examined).map((name) => cell(row, name)));
  return cells.length > 0 && cells.filter(isScalar).length * 2 >= cells.length;
}

/** The columns of records: their keys, in the order in which they first appear among the first rows. */
export function recordColumns(records: readonly unknown[]): Columnar {
  const names = [...new Set(records.slice(0, examined).flatMap((row) => (isRow(row) ? Object.keys(row) : [])))];
  const cells: Columnar["cells"] = (rows, columns) => rows.map((i) => columns.map((c) => (isRow(records[i]) ? cell(records[i], names[c]) : undefined)));
  return { names, rowCount: records.length, cells };
}

const isRow = (value: unknown): value is Row => isObject(value) && !types.isProxy(value);

/** Records as an HTML table, beside their text. */
export function recordsBundle(records: readonly Row[], text: string): MimeBundle {
  return { "text/html": tableHtml(columnarTable(recordColumns(records))), "text/plain": text };
}
