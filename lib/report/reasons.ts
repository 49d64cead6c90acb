import { displaySymbol } from "./html.ts";
import { table } from "./table.ts";
import type { Column, ReportTable, TableOptions } from "./table.ts";

export interface ReasonOptions<Row> extends TableOptions {
  /** A sentence for each row, and the words that name the row where the sentence stands alone. */
  readonly reason: (row: Row) => { readonly of: string; readonly why: string };
}

/** A table with a sentence per row: as a last column `why` on pages and in records, as a list beneath in plain text. */
export function withReasons<Row>(columns: readonly Column<Row>[], rows: readonly Row[], { reason, ...options }: ReasonOptions<Row>): ReportTable<Row> {
  const whole = table([...columns, { heading: "why", value: (row: Row) => reason(row).why }], rows, options);
  const { caption, note } = options;
  const narrow = table(columns, rows, caption === undefined ? {} : { caption });
  const list = rows.map((row) => `${reason(row).of}: ${reason(row).why}`);
  const toString = () => [String(narrow), "", ...list, ...(note === undefined ? [] : ["", note])].join("\n");
  return { ...whole, toString, [displaySymbol]: async () => ({ ...(await whole[displaySymbol]()), "text/plain": toString() }) };
}

/** One table that shows another beneath itself; its records stay its own. */
export function together<Row, Other>(first: ReportTable<Row>, second: ReportTable<Other>): ReportTable<Row> {
  const toString = () => `${String(first)}\n\n${String(second)}`;
  const page = async () => (await Promise.all([first[displaySymbol](), second[displaySymbol]()])).map((bundle) => String(bundle["text/html"])).join("");
  return { ...first, toString, [displaySymbol]: async () => ({ "text/html": await page(), "text/plain": toString() }) };
}
