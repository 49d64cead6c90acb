import { axisLayout, baseLayout } from "../../report/figures.ts";
import type { Figure, PlotlyObject } from "../../report/figures.ts";
import { NEUTRAL, colour } from "../../report/palette.ts";
import type { Item, ItemRow, Metric, PublishedCell } from "../item.ts";
import type { RowResult } from "../row-result.ts";

interface Points {
  readonly name: string;
  readonly x: readonly string[];
  readonly y: readonly number[];
  readonly low?: readonly number[];
  readonly high?: readonly number[];
}

/**
 * How far each row lies above the row that it is compared with, metric by metric: the paper's tables (hollow) beside the paired
 * differences of this machine (full: mean over the seeds, with the lowest and the highest). COCO's metrics in points.
 */
export function showMetricDifferences(item: Item, results: readonly RowResult[], { title }: { readonly title?: string } = {}): Figure {
  const compared = item.rows.filter(({ against }) => against !== undefined);
  const paper = compared.map((row) => published(row, item));
  const here = compared.map((row) => measured(row, item, results));
  return {
    data: [
      ...paper.map((points, i) => trace(points, { colour: colour(i), symbol: "circle-open", source: "paper" })),
      ...here.map((points, i) => trace(points, { colour: colour(i), symbol: "circle", source: "here" })),
    ].filter(({ x }) => (x as readonly string[]).length > 0),
    layout: {
      ...baseLayout(title),
      xaxis: { ...axisLayout({ label: "metric" }), type: "category", categoryorder: "array", categoryarray: item.metrics },
      yaxis: axisLayout({ label: "difference", unit: "points" }),
      shapes: [{ type: "line", xref: "paper", x0: 0, x1: 1, yref: "y", y0: 0, y1: 0, line: { color: NEUTRAL, width: 1.5, dash: "dash" } }],
    },
  };
}

function trace({ name, x, y, low, high }: Points, { colour: color, symbol, source }: { readonly colour: string; readonly symbol: string; readonly source: string }): PlotlyObject {
  const ends = low && high ? { error_y: { type: "data", symmetric: false, array: y.map((value, i) => high[i] - value), arrayminus: y.map((value, i) => value - low[i]), color } } : {};
  return { type: "scatter", mode: "markers", name: `${name}, ${source}`, legendgroup: name, x, y, marker: { color, symbol, size: source === "paper" ? 11 : 7, line: { color, width: 2 } }, ...ends };
}

const numberOf = (cell: PublishedCell | undefined) => (typeof cell === "number" ? cell : cell !== undefined && "value" in cell ? cell.value : undefined);

/** The paper's cell of a row: of the first of its tables that has it. */
export function publishedNumber(row: ItemRow, metric: Metric, { published: tables }: Pick<Item, "published">): number | undefined {
  return row.published.map(({ table, row: key }) => numberOf(tables.find(({ id }) => id === table)?.rows[key]?.cells[metric])).find((value) => value !== undefined);
}

function published(row: ItemRow, item: Item): Points {
  const other = item.rows.find(({ id }) => id === row.against)!;
  const pairs = item.metrics.flatMap((metric) => {
    const [own, reference] = [publishedNumber(row, metric, item), publishedNumber(other, metric, item)];
    return own === undefined || reference === undefined ? [] : [{ metric, value: own - reference }];
  });
  return { name: row.label, x: pairs.map(({ metric }) => metric), y: pairs.map(({ value }) => value) };
}

/** Seed by seed; a metric that one side lacks (−1 in COCO's scores is none) is left out. */
function measured(row: ItemRow, item: Item, results: readonly RowResult[]): Points {
  const at = (id: string, seed: number, metric: Metric) => results.find((result) => result.row.id === id && result.seed === seed)?.metrics?.[metric];
  const seeds = results.filter((result) => result.row.id === row.id).map(({ seed }) => seed);
  const all = item.metrics.flatMap((metric) => {
    const values = seeds.flatMap((seed) => {
      const [own, reference] = [at(row.id, seed, metric), at(row.against!, seed, metric)];
      return own === undefined || reference === undefined ? [] : [own - reference];
    });
    return values.length === 0 ? [] : [{ metric, values }];
  });
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  return { name: row.label, x: all.map(({ metric }) => metric), y: all.map(({ values }) => mean(values)), low: all.map(({ values }) => Math.min(...values)), high: all.map(({ values }) => Math.max(...values)) };
}
