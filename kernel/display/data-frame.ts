import type { Columnar } from "./columnar.ts";
import { hasMethods, hasProperties } from "./lookup.ts";

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
  const { columns, index, dtypes, shape, values } = value as Frame;
  return [columns, index, dtypes, shape, values].every((part) => Array.isArray(part));
}

export function dataFrameColumns({ columns, index, values }: Frame): Columnar {
  const rowOf = (i: number): readonly unknown[] => (Array.isArray(values[i]) ? (values[i] as unknown[]) : [values[i]]);
  return {
    names: columns.map(String),
    rowCount: values.length,
    cells: (rows, across) => rows.map((i) => across.map((c) => rowOf(i)[c])),
    labels: (rows) => rows.map((i) => String(index[i])),
  };
}
