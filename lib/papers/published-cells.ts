import type { Item, ItemRow, Metric, Published, PublishedCell, PublishedCells } from "./item.ts";

/**
 * What the paper has for a row in all tables that it stands for; where two print different numbers, the first one's, and a lost
 * cell where none has a number.
 * @throws Error for a table or row that the item does not publish
 */
export function publishedCells(item: Pick<Item, "id" | "published">, row: Pick<ItemRow, "id" | "published">): PublishedCells {
  const parts = row.published.map(({ table, row: key }) => {
    const published = tableOf(item, table);
    if (!Object.hasOwn(published.rows, key)) throw new Error(`${item.id}, row ${row.id}: ${table} has no row "${key}"; it has ${Object.keys(published.rows).join(", ")}`);
    return published.rows[key].cells;
  });
  const known = parts.map((cells) => Object.fromEntries(Object.entries(cells).filter(([, cell]) => cellValue(cell) !== undefined)));
  return Object.assign({}, ...[...parts].reverse(), ...known.reverse()) as PublishedCells;
}

function tableOf(item: Pick<Item, "id" | "published">, id: string): Published {
  const found = item.published.find((published) => published.id === id);
  if (found === undefined) throw new Error(`${item.id} publishes no table "${id}"; it has ${item.published.map((published) => published.id).join(", ")}`);
  return found;
}

/** The number of a cell, printed or derived; undefined where it is lost or there is none. */
export function cellValue(cell: PublishedCell | undefined): number | undefined {
  if (cell === undefined || typeof cell === "number") return cell;
  return "value" in cell ? cell.value : undefined;
}

/** What a cell leaves open: a number twice, the bounds of a lost one, undefined where nothing is known. */
export function cellRange(cell: PublishedCell | undefined): readonly [low: number, high: number] | undefined {
  const value = cellValue(cell);
  if (value !== undefined) return [value, value];
  return typeof cell === "object" && "lost" in cell ? cell.bounds : undefined;
}

/** The paper's difference of two rows in a metric, as the range that its cells leave; undefined where one is lost. */
export function paperDifference(better: PublishedCells, worse: PublishedCells, metric: Metric): readonly [low: number, high: number] | undefined {
  const [a, b] = [cellRange(better[metric]), cellRange(worse[metric])];
  return a && b && [tenth(a[0] - b[1]), tenth(a[1] - b[0])];
}

/** Differences of printed decimals without the dust of binary fractions. */
const tenth = (value: number) => Number(value.toFixed(6));

/** A range in words: `39.1 to 39.3`; an end at 0 or 100 AP, or a difference that such an end leaves, bounds nothing. */
export function rangeWords([low, high]: readonly [number, number], text: (value: number) => string): string {
  if (low === high) return text(low);
  if (high >= unbounded && low > -unbounded) return `at least ${text(low)}`;
  if (low <= 0 && high - low > unbounded) return `at most ${text(high)}`;
  return `${text(low)} to ${text(high)}`;
}

/** AP points, or a difference of them, that no bound of the prose reaches unless it is no bound. */
const unbounded = 50;
