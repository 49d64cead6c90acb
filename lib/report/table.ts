import { displaySymbol, escapeHtml } from "./html.ts";
import type { Displayable } from "./html.ts";

/** A mean with its confidence interval, in the column's unit. */
export interface Interval {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

/** A cell that cannot be known, and why. */
export interface Unknown {
  readonly unknown: string;
}

export type Cell = number | string | boolean | null | Interval | Unknown;

export interface Column<Row> {
  readonly heading: string;
  /** Shown in brackets behind the heading. */
  readonly unit?: string;
  /** Numbers stand right, text left, unless given. */
  readonly align?: "left" | "right" | "center";
  readonly value: (row: Row) => Cell;
  /** Decimals of numbers and intervals; three significant digits when absent. */
  readonly decimals?: number;
  /** Keep the column's cells on one line each; by default long text wraps. */
  readonly oneLine?: boolean;
  /** Writes the cell in another way. */
  readonly format?: (value: Cell) => string;
}

export interface ReportTable<Row> extends Displayable {
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  /** One object per row, its keys the headings, for files and further computing. */
  toRecords(): Record<string, Cell>[];
  /** Aligned plain text. */
  toString(): string;
}

export interface TableOptions {
  readonly caption?: string;
  /** A line beneath, such as the profile and the number of seeds. */
  readonly note?: string;
}

/** A table that shows itself in notebooks and terminals and gives its rows as records. */
export function table<Row>(columns: readonly Column<Row>[], rows: readonly Row[], options: TableOptions = {}): ReportTable<Row> {
  const headings = columns.map(({ heading }) => heading);
  const repeated = headings.find((heading, i) => headings.indexOf(heading) !== i);
  if (repeated !== undefined) throw new RangeError(`two columns are called "${repeated}"; headings must differ, since records use them as keys`);
  const toString = () => plainText(columns, rows, options);
  return {
    columns,
    rows,
    toRecords: () => rows.map((row) => Object.fromEntries(columns.map(({ heading, value }) => [heading, value(row)]))),
    toString,
    [displaySymbol]: () => ({ "text/html": html(columns, rows, options), "text/plain": toString() }),
  };
}

/** A cell as text: numbers with the column's decimals and a true minus sign, intervals as `mean [low, high]`. */
export function cellText<Row>(value: Cell, { format, decimals }: Pick<Column<Row>, "format" | "decimals">): string {
  if (format !== undefined) return format(value);
  if (value === null) return "–";
  if (typeof value === "number") return numberText(value, decimals);
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "string") return value;
  if ("unknown" in value) return `– (${value.unknown})`;
  return `${numberText(value.mean, decimals)} [${numberText(value.low, decimals)}, ${numberText(value.high, decimals)}]`;
}

function numberText(value: number, decimals: number | undefined): string {
  if (!Number.isFinite(value)) return String(value).replace("-", "−");
  return (decimals === undefined ? String(Number(value.toPrecision(3))) : value.toFixed(decimals)).replace("-", "−");
}

const headingText = ({ heading, unit }: Pick<Column<never>, "heading" | "unit">) => (unit === undefined ? heading : `${heading} [${unit}]`);

function alignment<Row>({ align, value }: Column<Row>, rows: readonly Row[]): "left" | "right" | "center" {
  if (align !== undefined) return align;
  const numeric = rows.some((row) => {
    const cell = value(row);
    return typeof cell === "number" || (typeof cell === "object" && cell !== null && "mean" in cell);
  });
  return numeric ? "right" : "left";
}

function plainText<Row>(columns: readonly Column<Row>[], rows: readonly Row[], { caption, note }: TableOptions): string {
  const texts = columns.map((column) => [headingText(column), ...rows.map((row) => cellText(column.value(row), column))]);
  const widths = texts.map((column) => Math.max(...column.map((text) => [...text].length)));
  const line = (row: number) => texts.map((column, i) => pad(column[row], widths[i], alignment(columns[i], rows))).join("  ").trimEnd();
  const rule = widths.map((width) => "─".repeat(width)).join("  ");
  const lines = [line(0), rule, ...rows.map((_, i) => line(i + 1))];
  return [...(caption === undefined ? [] : [caption, ""]), ...lines, ...(note === undefined ? [] : ["", note])].join("\n");
}

function pad(text: string, width: number, align: "left" | "right" | "center"): string {
  const room = width - [...text].length;
  const before = align === "left" ? 0 : align === "right" ? room : Math.floor(room / 2);
  return " ".repeat(before) + text + " ".repeat(room - before);
}

const TABLE_STYLE = "border-collapse:collapse;font-variant-numeric:tabular-nums;margin:0.5em 0;color:inherit;background:transparent";
const RULE = "1px solid rgba(119,119,119,";

function html<Row>(columns: readonly Column<Row>[], rows: readonly Row[], { caption, note }: TableOptions): string {
  const aligns = columns.map((column) => alignment(column, rows));
  const widths = columns.map((column) => leastWidth(column, rows));
  const head = columns.map((column, i) => `<th scope="col" style="text-align:${aligns[i]};padding:4px 12px;border-bottom:${RULE}0.8);vertical-align:bottom">${headingHtml(column)}</th>`).join("");
  const body = rows.map((row) => `<tr style="background:transparent">${columns.map((column, i) => `<td style="text-align:${aligns[i]};padding:4px 12px;border-bottom:${RULE}0.25)${column.oneLine === true ? ";white-space:nowrap" : widths[i]}">${cellHtml(column.value(row), column)}</td>`).join("")}</tr>`);
  const title = caption === undefined ? "" : `<caption style="text-align:left;font-weight:600;padding:4px 12px;caption-side:top;color:inherit">${escapeHtml(caption)}</caption>`;
  const foot = note === undefined ? "" : `<div style="opacity:0.75;font-size:0.9em;padding:0 12px">${escapeHtml(note)}</div>`;
  return `<div style="overflow-x:auto"><table style="${TABLE_STYLE}">${title}<thead><tr style="background:transparent">${head}</tr></thead><tbody>${body.join("")}</tbody></table>${foot}</div>`;
}

/** Sentences keep room to be read where the page is narrow and the table scrolls. */
function leastWidth<Row>(column: Column<Row>, rows: readonly Row[]): string {
  const longest = Math.max(0, ...rows.map((row) => cellText(column.value(row), column).length));
  return longest > 60 ? ";min-width:15em" : "";
}

function headingHtml({ heading, unit }: Pick<Column<never>, "heading" | "unit">): string {
  // "2 cool disk" may wrap, but not behind its number.
  return escapeHtml(heading.replace(/^(\d+) /, "$1\u00a0")) + (unit === undefined ? "" : ` <span style="font-weight:400;opacity:0.75">[${escapeHtml(unit)}]</span>`);
}

function cellHtml<Row>(value: Cell, column: Column<Row>): string {
  if (column.format === undefined && typeof value === "object" && value !== null) {
    if ("unknown" in value) return `– <span style="opacity:0.75;font-size:0.9em">(${escapeHtml(value.unknown)})</span>`;
    const { mean, low, high } = value;
    return `${numberText(mean, column.decimals)} <span style="opacity:0.75;white-space:nowrap">[${numberText(low, column.decimals)}, ${numberText(high, column.decimals)}]</span>`;
  }
  return escapeHtml(cellText(value, column));
}
