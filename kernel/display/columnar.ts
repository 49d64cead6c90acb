import type { MimeBundle } from "./mime.ts";
import { shorten, shownColumns, shownRows, tableHtml, tableText } from "./table.ts";
import type { Table } from "./table.ts";

/** What a table must tell so that its ends can be shown without reading the rest. */
export type Columnar = {
  readonly names: readonly string[];
  /** The columns' types, where the table knows them. */
  readonly kinds?: readonly string[];
  readonly rowCount: number;
  /** The cells of the given rows in the given columns. */
  readonly cells: (rows: readonly number[], columns: readonly number[]) => readonly (readonly unknown[])[];
  /** The names of the given rows, where the table has some. */
  readonly labels?: (rows: readonly number[]) => readonly string[];
};

/** The first and last rows and columns of a table. */
export function columnarTable({ names, kinds, rowCount, cells, labels }: Columnar, { maxRows = shownRows, maxColumns = shownColumns } = {}): Table {
  const down = shorten(rowCount, maxRows);
  const across = shorten(names.length, maxColumns).indices;
  return {
    columns: across.map((i) => names[i]),
    ...(kinds === undefined ? {} : { kinds: across.map((i) => kinds[i]) }),
    ...(labels === undefined ? {} : { labels: labels(down.indices) }),
    rows: cells(down.indices, across),
    rowCount,
    columnCount: names.length,
    cut: down.cut,
  };
}

export function columnarBundle(columnar: Columnar): MimeBundle {
  const table = columnarTable(columnar);
  return { "text/html": tableHtml(table), "text/plain": tableText(table) };
}
