import { columnarTable } from "./columnar.ts";
import type { Columnar } from "./columnar.ts";
import { frameColumns } from "./frames.ts";
import { isObject } from "./lookup.ts";
import { kindOf } from "./plain-text.ts";
import { withoutProxy } from "./proxy.ts";
import { recordColumns } from "./records.ts";
import { tableHtml, tableText } from "./table.ts";
import { Rich } from "./wrappers.ts";

export type TableOptions = {
  /** Which columns to show, in this order (default: all); for rows that are arrays, the columns' names. */
  columns?: readonly string[];
  /** Units, written behind the names of their columns: `{ time: "ms" }` gives `time (ms)`. */
  units?: Readonly<Record<string, string>>;
  /** Words above the table. */
  caption?: string;
  /** At most so many rows are shown, the first and the last ones (default: 60). */
  maxRows?: number;
  /** At most so many columns are shown, the first and the last ones (default: 30). */
  maxColumns?: number;
};

const known = ["columns", "units", "caption", "maxRows", "maxColumns"];

/** @throws {TypeError} when the value has no rows and columns, or an option is wrong */
export function tableOf(value: unknown, options: TableOptions = {}): Rich {
  checkOptions(options);
  const { columns, units = {}, caption, maxRows, maxColumns } = options;
  const whole = columnsOf(withoutProxy(value), columns);
  const chosen = columns === undefined ? whole : select(whole, columns);
  const missing = Object.keys(units).filter((name) => !chosen.names.includes(name));
  if (missing.length > 0) throw new TypeError(`table has no column ${missing.map((name) => JSON.stringify(name)).join(", ")} to give a unit. Its columns are ${listed(chosen.names)}.`);
  const named = { ...chosen, names: chosen.names.map((name) => (Object.hasOwn(units, name) ? `${name} (${units[name]})` : name)) };
  const table = { ...columnarTable(named, { ...(maxRows === undefined ? {} : { maxRows }), ...(maxColumns === undefined ? {} : { maxColumns }) }), ...(caption === undefined ? {} : { caption }) };
  const text = tableText(table);
  return new Rich({ data: { "text/html": tableHtml(table), "text/plain": text }, metadata: {} }, text);
}

function checkOptions(options: TableOptions): void {
  if (!isObject(options) || Array.isArray(options)) throw new TypeError(`table's options must be an object, received ${kindOf(options)}.`);
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown !== undefined) throw new TypeError(`table has no option ${JSON.stringify(unknown)}. Its options are ${known.join(", ")}.`);
  for (const name of ["maxRows", "maxColumns"] as const) {
    const count = options[name];
    if (count !== undefined && !(Number.isInteger(count) && count > 0)) throw new RangeError(`table's ${name} must be a whole number > 0, received ${String(count)}.`);
  }
}

function columnsOf(value: unknown, names: readonly string[] | undefined): Columnar {
  const frame = frameColumns(value);
  if (frame !== undefined) return frame;
  if (value instanceof Map) return recordColumns(Array.from(value, ([key, item]: [unknown, unknown]) => ({ key, value: item })));
  if (Array.isArray(value)) return (value as unknown[]).some(Array.isArray) ? rowColumns(value as unknown[], names) : listColumns(value as unknown[]);
  const columns = isObject(value) && typeof value === "object" ? Object.entries(value) : [];
  if (columns.length === 0 || !columns.every(([, list]) => isList(list))) {
    throw new TypeError(`table needs an array of objects or of arrays, an object of columns, a Map or a data frame, received ${kindOf(value)}.`);
  }
  return listsColumns(columns as [string, ArrayLike<unknown>][]);
}

const isList = (value: unknown): value is ArrayLike<unknown> => Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));

function listColumns(rows: readonly unknown[]): Columnar {
  if (rows.every((row) => isObject(row) && typeof row === "object")) return recordColumns(rows);
  return { names: ["value"], rowCount: rows.length, cells: (indices) => indices.map((i) => [rows[i]]) };
}

function rowColumns(rows: readonly unknown[], given: readonly string[] | undefined): Columnar {
  const rowOf = (i: number): readonly unknown[] => (Array.isArray(rows[i]) ? (rows[i] as unknown[]) : [rows[i]]);
  const width = rows.reduce<number>((most, _, i) => Math.max(most, rowOf(i).length), 0);
  const names = Array.from({ length: width }, (_, i) => given?.[i] ?? String(i));
  return { names, rowCount: rows.length, cells: (indices, across) => indices.map((i) => across.map((c) => rowOf(i)[c])) };
}

function listsColumns(columns: readonly (readonly [string, ArrayLike<unknown>])[]): Columnar {
  const rowCount = Math.max(...columns.map(([, list]) => list.length));
  return { names: columns.map(([name]) => name), rowCount, cells: (rows, across) => rows.map((i) => across.map((c) => columns[c][1][i])) };
}

function select(whole: Columnar, names: readonly string[]): Columnar {
  const places = names.map((name) => whole.names.indexOf(name));
  const missing = names.find((_, i) => places[i] < 0);
  if (missing !== undefined) throw new TypeError(`table has no column ${JSON.stringify(missing)}. Its columns are ${listed(whole.names)}.`);
  const { kinds } = whole;
  return { ...whole, names, ...(kinds === undefined ? {} : { kinds: places.map((i) => kinds[i]) }), cells: (rows, across) => whole.cells(rows, across.map((c) => places[c])) };
}

const listed = (names: readonly string[]): string => `${names.slice(0, 20).map((name) => JSON.stringify(name)).join(", ")}${names.length > 20 ? ", …" : ""}`;
