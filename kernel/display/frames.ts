import { inspect } from "node:util";
import type { Columnar } from "./columnar.ts";
import { dataFrameColumns, isDataFrame } from "./data-frame.ts";
import { hasMethods, hasProperties } from "./lookup.ts";

type ArqueroTable = { columnNames(): string[]; numRows(): number; get(name: string, row: number): unknown };

/** Recognises arquero's tables (filtered, ordered and grouped ones too) without loading the package. */
const isArquero = (value: unknown): value is ArqueroTable => hasMethods(value, "columnNames", "numRows", "numCols", "get", "scan");

function arqueroColumns(table: ArqueroTable): Columnar {
  const names = table.columnNames();
  return { names, rowCount: table.numRows(), cells: (rows, columns) => rows.map((row) => columns.map((column) => table.get(names[column], row))) };
}

type ArrowColumn = { readonly length: number; readonly type: unknown; at(index: number): unknown };
type ArrowTable = { readonly numRows: number; readonly schema: { fields: readonly { name: string; type: unknown }[] }; getChildAt(index: number): ArrowColumn | null };

/** Recognises the tables of Apache Arrow and of flechette. */
const isArrowTable = (value: unknown): value is ArrowTable => hasMethods(value, "getChildAt", "getChild", "selectAt") && hasProperties(value, "schema", "numRows");

function arrowTableColumns(table: ArrowTable): Columnar {
  const { fields } = table.schema;
  const kinds = fields.map(({ type }) => arrowType(type) ?? "");
  const cells: Columnar["cells"] = (rows, columns) => {
    const read = columns.map((column) => table.getChildAt(column));
    return rows.map((row) => read.map((column) => column?.at(row)));
  };
  return { names: fields.map(({ name }) => name), ...(kinds.every((kind) => kind !== "") ? { kinds } : {}), rowCount: table.numRows, cells };
}

/** Apache Arrow's types name themselves; flechette's do not. */
function arrowType(type: unknown): string | undefined {
  return hasMethods(type, "toString") && (type as object).toString !== Object.prototype.toString ? String(type) : undefined;
}

/** Recognises Apache Arrow's vectors and flechette's columns. */
export const isArrowColumn = (value: unknown): value is ArrowColumn => hasMethods(value, "at", "toArray") && hasProperties(value, "type", "data", "nullCount", "length") && !Array.isArray(value);

export function arrowColumnText(column: ArrowColumn): string {
  const type = arrowType(column.type);
  const shown = Array.from({ length: Math.min(column.length, 100) }, (_, i) => column.at(i));
  shown.length = column.length; // left empty: `inspect` counts what it does not show
  return `${(column as object).constructor.name}${type === undefined ? "" : ` ${type}`} [${column.length}]\n${inspect(shown, { maxArrayLength: 100, breakLength: 100 })}`;
}

type PolarsType = { readonly variant?: string };
type PolarsFrame = {
  readonly columns: string[]; readonly height: number; readonly dtypes: readonly PolarsType[];
  select(...names: string[]): PolarsFrame; head(rows: number): PolarsFrame; tail(rows: number): PolarsFrame; rows(): unknown[][];
};
type PolarsSeries = { readonly name: string; readonly length: number; readonly dtype: PolarsType; head(length: number): PolarsSeries; tail(length: number): PolarsSeries; toArray(): unknown[] };

/** Recognises nodejs-polars' frames (behind the proxy that they are). Its own display knows only the first rows, and fails for 64-bit integers. */
export const isPolarsFrame = (value: unknown): value is PolarsFrame => hasMethods(value, "getColumns", "toRecords", "lazy", "select", "head", "tail", "rows");

export function polarsFrameColumns(frame: PolarsFrame): Columnar {
  const names = frame.columns;
  const cells: Columnar["cells"] = (rows, columns) => ends(rows, frame.height, {
    head: (count) => frame.select(...columns.map((i) => names[i])).head(count).rows(),
    tail: (count) => frame.select(...columns.map((i) => names[i])).tail(count).rows(),
  });
  return { names, kinds: frame.dtypes.map(polarsType), rowCount: frame.height, cells };
}

const isPolarsSeries = (value: unknown): value is PolarsSeries => hasMethods(value, "chunkLengths", "toArray", "toFrame", "head", "tail", "alias");

function polarsSeriesColumns(series: PolarsSeries): Columnar {
  const cells: Columnar["cells"] = (rows) => ends(rows, series.length, { head: (count) => series.head(count).toArray(), tail: (count) => series.tail(count).toArray() }).map((value) => [value]);
  return { names: [series.name], kinds: [polarsType(series.dtype)], rowCount: series.length, cells };
}

/** The chosen rows, which are the first and the last ones, from two reads. */
function ends<T>(rows: readonly number[], count: number, read: { head: (count: number) => T[]; tail: (count: number) => T[] }): T[] {
  const gap = rows.findIndex((row, i) => row !== i);
  return gap < 0 ? read.head(rows.length) : [...read.head(gap), ...read.tail(count - rows[gap])];
}

const polarsType = ({ variant }: PolarsType): string => variant ?? "";

/** Recognises nodejs-polars' lazy frames, which are shown as their plan: computing them is for the user to ask. */
export const isPolarsLazy = (value: unknown): value is object => hasMethods(value, "describeOptimizedPlan", "collect", "collectSync");

export const polarsLazyText = (lazy: object): string => `LazyFrame, not computed (collect() does that)\n${inspect(lazy)}`;

/** The columns of any package's data frame, table or series; undefined for other values. */
export function frameColumns(value: unknown): Columnar | undefined {
  if (isPolarsFrame(value)) return polarsFrameColumns(value);
  if (isPolarsSeries(value)) return polarsSeriesColumns(value);
  if (isDataFrame(value)) return dataFrameColumns(value);
  if (isArquero(value)) return arqueroColumns(value);
  return isArrowTable(value) ? arrowTableColumns(value) : undefined;
}
