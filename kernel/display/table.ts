import { inspect } from "node:util";
import { escapeHtml } from "./escape.ts";

/** A table as it is shown: some of its rows, and how many there are in all. */
export type Table = {
  readonly columns: readonly string[];
  /** Words beneath the columns' names: their types. */
  readonly kinds?: readonly string[];
  /** Words above the table. */
  readonly caption?: string;
  /** Names of the shown rows; none for arrays of records. */
  readonly labels?: readonly string[];
  readonly rows: readonly (readonly unknown[])[];
  readonly rowCount: number;
  readonly columnCount: number;
  /** After how many of `rows` the left-out ones would stand. */
  readonly cut: number;
};

/** At most so many rows and columns are shown: the first and the last ones. */
export const shownRows = 60;
export const shownColumns = 30;

/** Which of `count` items to show: the first and last halves of `most`, and where the gap is. */
export function shorten(count: number, most: number): { indices: readonly number[]; cut: number } {
  if (count <= most) return { indices: Array.from({ length: count }, (_, i) => i), cut: count };
  const head = Math.ceil(most / 2);
  const tail = most - head;
  return { indices: [...Array.from({ length: head }, (_, i) => i), ...Array.from({ length: tail }, (_, i) => count - tail + i)], cut: head };
}

const isNumber = (value: unknown): value is number | bigint => typeof value === "number" || typeof value === "bigint";
const isMissing = (value: unknown): boolean => value === null || value === undefined || Number.isNaN(value);

/** A column's cells as text: numbers share their decimals (six significant digits), so that points stand below each other. */
export function columnText(values: readonly unknown[]): string[] {
  const finite = values.filter((value): value is number => typeof value === "number" && Number.isFinite(value));
  const largest = Math.max(0, ...finite.map(Math.abs));
  const smallest = Math.min(Infinity, ...finite.filter((value) => value !== 0).map(Math.abs));
  const plain = largest < 1e12 && smallest >= 1e-4;
  const decimals = plain ? Math.min(6, Math.max(0, ...finite.map(decimalsOf))) : 0;
  return values.map((value) => {
    if (typeof value !== "number" || !Number.isFinite(value)) return cellText(value);
    return plain ? value.toFixed(decimals) : String(Number(value.toPrecision(6)));
  });
}

function decimalsOf(value: number): number {
  return /\.(\d+)$/.exec(String(Number(value.toPrecision(6))))?.[1]!.length ?? 0;
}

function cellText(value: unknown): string {
  if (value === undefined) return "";
  if (typeof value === "bigint") return String(value);
  if (typeof value === "string") return value.length > 200 ? `${value.slice(0, 199)}…` : value;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "Invalid Date" : value.toISOString();
  return inspect(value, { depth: 1, colors: false, maxArrayLength: 8, maxStringLength: 100, breakLength: Infinity });
}

const isNumeric = (values: readonly unknown[]): boolean => values.some(isNumber) && values.every((value) => isNumber(value) || isMissing(value));

const border = "var(--jp-border-color2, rgba(128, 128, 128, 0.35))";
const base = "padding: 0.2em 0.7em; border: none;";
/** Numbers stay on one line; texts keep their line breaks. */
const aligned = (right: boolean): string => (right ? "white-space: nowrap; text-align: right; font-variant-numeric: tabular-nums;" : "white-space: pre-wrap; text-align: left;");

const ground = "var(--jp-layout-color0, var(--vscode-editor-background, var(--ground, Canvas)))";
const side = (edge: "left" | "right"): string => `linear-gradient(to ${edge === "left" ? "right" : "left"}, ${ground} 30%, transparent) ${edge} / 3em 100% no-repeat local`;
const shade = (edge: "left" | "right"): string => `linear-gradient(to ${edge === "left" ? "right" : "left"}, rgba(128, 128, 128, 0.45), transparent) ${edge} / 1em 100% no-repeat scroll`;
/** Scrolls sideways; a shade on the edge behind which more lies, hidden by the ground where the table ends. */
const scrolling = `max-width: 100%; overflow-x: auto; scrollbar-width: thin; background: ${[side("left"), side("right"), shade("left"), shade("right")].join(", ")}`;

/** A table as HTML that takes its colours from the page; numbers stand right, left-out rows and columns are counted. */
export function tableHtml(table: Table): string {
  const { columns, kinds, caption, labels, rows, cut, rowCount, columnCount } = table;
  const title = caption === undefined ? "" : `<caption style="caption-side: top; text-align: left; padding: 0.2em 0.7em; font-weight: bold">${escapeHtml(caption)}</caption>`;
  const kind = (i: number): string => (kinds === undefined ? "" : `<br><span style="font-weight: normal; font-size: 0.85em; opacity: 0.7">${escapeHtml(kinds[i])}</span>`);
  const values = columns.map((_, i) => rows.map((row) => row[i]));
  const right = values.map(isNumeric);
  const texts = values.map(columnText);
  const head = columns.map((name, i) => `<th scope="col" style="${base} ${aligned(right[i])} white-space: pre-wrap; border-bottom: 1px solid ${border}">${escapeHtml(name)}${kind(i)}</th>`);
  const corner = labels === undefined ? "" : `<th style="${base} border-bottom: 1px solid ${border}"></th>`;
  const lines = rows.map((_, r) => {
    const label = labels === undefined ? "" : `<th scope="row" style="${base} white-space: pre-wrap; text-align: right">${escapeHtml(labels[r])}</th>`;
    return `<tr>${label}${texts.map((text, c) => `<td style="${base} ${aligned(right[c])}">${escapeHtml(text[r])}</td>`).join("")}</tr>`;
  });
  const width = columns.length + (labels === undefined ? 0 : 1);
  if (cut < rowCount) lines.splice(cut, 0, `<tr><td colspan="${width}" style="${base} text-align: center; opacity: 0.7">… ${counted(rowCount - rows.length, "row")} not shown …</td></tr>`);
  const whole = `<table style="border-collapse: collapse; color: inherit; background: transparent; font-size: 0.95em">${title}<thead><tr>${corner}${head.join("")}</tr></thead><tbody>${lines.join("")}</tbody></table>`;
  return `<div style="${scrolling}">${whole}</div><p style="margin: 0.3em 0; opacity: 0.7">${size(rowCount, columnCount, columns.length)}</p>`;
}

/** The same table as text in columns. */
export function tableText(table: Table): string {
  const { columns, kinds, caption, labels, rows, cut, rowCount, columnCount } = table;
  const head = (i: number): string[] => [columns[i], ...(kinds === undefined ? [] : [kinds[i]])];
  const headLines = kinds === undefined ? 1 : 2;
  const texts = columns.map((_, i) => pad([...head(i), ...columnText(rows.map((row) => row[i]))].map((text) => text.replaceAll("\n", "↵")), isNumeric(rows.map((row) => row[i]))));
  const all = labels === undefined ? texts : [pad([...Array.from({ length: headLines }, () => ""), ...labels], true), ...texts];
  const lines = Array.from({ length: rows.length + headLines }, (_, r) => all.map((column) => column[r]).join("  ").trimEnd());
  if (cut < rowCount) lines.splice(cut + headLines, 0, `… ${counted(rowCount - rows.length, "row")} not shown …`);
  return `${caption === undefined ? "" : `${caption}\n`}${lines.join("\n")}\n[${size(rowCount, columnCount, columns.length)}]`;
}

function pad(texts: readonly string[], right: boolean): string[] {
  const width = Math.max(...texts.map(({ length }) => length));
  return texts.map((text) => (right ? text.padStart(width) : text.padEnd(width)));
}

function size(rows: number, columns: number, shown: number): string {
  const rest = shown < columns ? ` (${counted(columns - shown, "column")} not shown)` : "";
  return `${counted(rows, "row")} × ${counted(columns, "column")}${rest}`;
}

const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? "" : "s"}`;
