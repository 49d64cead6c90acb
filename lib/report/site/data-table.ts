import { cellText } from "../table.ts";
import type { Column } from "../table.ts";
import { markup } from "./markup.ts";
import type { Content, Markup } from "./markup.ts";

export interface SiteColumn<Row> extends Pick<Column<Row>, "heading" | "unit" | "decimals" | "align"> {
  /** A cell as it is, or content of its own. */
  readonly cell: (row: Row) => Content | CellContent;
  /** Cells of text that stand side by side where rows are blocks, as numbers do. */
  readonly half?: true;
  /** Its cells name their rows. */
  readonly header?: true;
  /** Columns side by side with the same group stand beneath it. */
  readonly group?: string;
}

/** A cell that `cellText` writes. */
export interface CellContent {
  readonly cell: Parameters<typeof cellText>[0];
}

export interface SiteTableOptions<Row> {
  readonly caption?: string;
  /** Attributes of a row, such as its anchor; without quotes in their values. */
  readonly attributes?: (row: Row) => Readonly<Record<string, string>>;
  /** Rows become blocks where the page is narrow: for cells of text. Default: the table scrolls sideways. */
  readonly cards?: boolean;
  /** Columns are equally wide, and the table as wide as the page. */
  readonly even?: boolean;
}

/** A table of the site: row headers for those who hear it, room to scroll for those who see it on a telephone. */
export function dataTable<Row>(columns: readonly SiteColumn<Row>[], rows: readonly Row[], { caption, attributes, cards = false, even = false }: SiteTableOptions<Row> = {}): Markup {
  const body = rows.map((row) => markup`<tr role="row"${attributesOf(attributes?.(row) ?? {})}>${columns.map((column) => bodyCell(column, row))}</tr>`);
  const frame = cards ? markup`<div class="${even ? "cards even" : "cards"}">` : markup`<div class="scroll" role="region" tabindex="0" aria-label="${caption ?? "table"}">`;
  return markup`${frame}<table role="table">${caption === undefined ? "" : markup`<caption>${caption}</caption>`}<thead role="rowgroup">${headRows(columns)}</thead><tbody role="rowgroup">${body}</tbody></table></div>`;
}

function attributesOf(attributes: Readonly<Record<string, string>>): Markup[] {
  return Object.entries(attributes).map(([name, value]) => markup` ${name}="${value}"`);
}

/** What a cell is called where its column's headings are not seen. */
const labelOf = <Row>({ group, heading }: SiteColumn<Row>) => (group === undefined ? heading : `${group}, ${heading}`);

function bodyCell<Row>(column: SiteColumn<Row>, row: Row): Markup {
  const content = column.cell(row);
  const shown = isCell(content) ? cellText(content.cell, column) : content;
  const place = column.align ?? (isCell(content) && typeof content.cell !== "string" ? "right" : "left");
  if (column.header) return markup`<th scope="row" role="rowheader" class="${place}">${shown}</th>`;
  return markup`<td role="cell" class="${column.half ? `${place} half` : place}" data-label="${labelOf(column)}">${shown}</td>`;
}

function isCell(content: Content | CellContent): content is CellContent {
  return typeof content === "object" && !Array.isArray(content) && "cell" in content;
}

/** One row of headings, or two where columns have groups. */
function headRows<Row>(columns: readonly SiteColumn<Row>[]): Markup {
  const heading = ({ heading: text, unit, align = "left" }: SiteColumn<Row>, rows: number) => markup`<th scope="col" role="columnheader" class="${align}"${rows > 1 ? markup` rowspan="${rows}"` : ""}>${text}${unit === undefined ? "" : markup` <span class="unit">[${unit}]</span>`}</th>`;
  if (columns.every(({ group }) => group === undefined)) return markup`<tr role="row">${columns.map((column) => heading(column, 1))}</tr>`;
  const first = columns.flatMap((column, i) => (column.group === undefined ? [heading(column, 2)] : column.group === columns[i - 1]?.group ? [] : [groupHeading(columns, i)]));
  return markup`<tr role="row">${first}</tr><tr role="row">${columns.filter(({ group }) => group !== undefined).map((column) => heading(column, 1))}</tr>`;
}

function groupHeading<Row>(columns: readonly SiteColumn<Row>[], from: number): Markup {
  const { group } = columns[from];
  const next = columns.findIndex((column, i) => i > from && column.group !== group);
  const span = (next < 0 ? columns.length : next) - from;
  return markup`<th scope="colgroup" role="columnheader" class="group" colspan="${span}">${group}</th>`;
}
