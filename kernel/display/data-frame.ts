import { hasMethods, hasProperties } from "./lookup.ts";
import type { MimeBundle } from "./mime.ts";
import { shorten, shownColumns, shownRows, tableHtml, tableText } from "./table.ts";
import type { Table } from "./table.ts";

/** What danfojs's DataFrame (rows of values) and Series (values) have in common. */
type Frame = {
  readonly columns: readonly (string | number)[];
  readonly index: readonly (string | number)[];
  readonly dtypes: readonly string[];
  readonly shape: readonly number[];
  readonly values: readonly unknown[];
};

/** Recognises danfojs's DataFrame and Series by their shape, so that the package need not be loaded or installed. */
export function isDataFrame(value: unknown): value is Frame {
  if (!hasMethods(value, "head") || !hasProperties(value, "columns", "index", "dtypes", "shape", "values")) return false;
  const { columns, index, dtypes, shape } = value as Record<string, unknown>;
  return Array.isArray(columns) && Array.isArray(index) && Array.isArray(dtypes) && Array.isArray(shape) && Array.isArray((value as Frame).values);
}

export function dataFrameBundle(frame: Frame): MimeBundle {
  const table = tableOf(frame);
  return { "text/html": tableHtml(table), "text/plain": tableText(table) };
}

function tableOf({ columns, index, values }: Frame): Table {
  const names = columns.map(String);
  const down = shorten(values.length, shownRows);
  const across = shorten(names.length, shownColumns).indices;
  const rowOf = (i: number): readonly unknown[] => (Array.isArray(values[i]) ? (values[i] as unknown[]) : [values[i]]);
  return {
    columns: across.map((i) => names[i]),
    labels: down.indices.map((i) => String(index[i])),
    rows: down.indices.map((i) => across.map((c) => rowOf(i)[c])),
    rowCount: values.length,
    columnCount: names.length,
    cut: down.cut,
  };
}
