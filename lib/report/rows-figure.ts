import type { ItemRow, Metric } from "../papers/item.ts";
import type { Judgement, RowVerdict } from "../papers/judgement.ts";
import { metricFacts, metricText } from "../papers/metrics.ts";
import { cellRange, cellValue } from "../papers/published-cells.ts";
import { axisLayout, baseLayout } from "./figures.ts";
import type { Figure, PlotlyObject } from "./figures.ts";
import { escapeHtml } from "./html.ts";
import { NEUTRAL, colour, withOpacity } from "./palette.ts";
import { axisNames, intervalBars, metricAxis, numbersOf, panelLegend, panelMargin, panelTitles, panels, roomFor, words } from "./two-panels.ts";
import type { Side } from "./two-panels.ts";

/** Colour and shape by role, so that either alone tells them apart. */
const looks: Readonly<Record<ItemRow["role"], { readonly name: string; readonly color: string; readonly symbol: string }>> = {
  teacher: { name: "teacher", color: colour(2), symbol: "square" },
  student: { name: "student alone", color: colour(1), symbol: "circle" },
  method: { name: "with the method", color: colour(0), symbol: "diamond" },
};
const roles = Object.keys(looks) as ItemRow["role"][];

/** A row and where it stands, from the top; groups are half a line apart. */
interface Placed {
  readonly verdict: RowVerdict;
  readonly y: number;
}

export interface MetricTitle {
  readonly metric: Metric;
  readonly title: string;
}

/** A line per row: the paper's number on the left, mean, interval and seeds on the right. Rows that another metric is measured of are left out. */
export function rowsFigure(judgement: Judgement, { metric, title }: MetricTitle): Figure {
  const placed = place(judgement.rows.filter(({ metric: own, here, published }) => own === metric || here[metric] !== undefined || published[metric] !== undefined));
  const grouped = new Set(placed.map(({ verdict }) => verdict.row.group)).size > 1;
  const axis = metricAxis(metric);
  const lines = { ...axisLayout({ label: "" }), tickmode: "array", tickvals: placed.map(({ y }) => y), range: [(placed.at(-1)?.y ?? 0) + 0.7, -0.7], zeroline: false };
  const [paper, here] = (["paper", "here"] as const).map((side) => roomFor(metric, placed.flatMap(({ verdict }) => numbersOf(verdict, metric, side))));
  return {
    data: [...roles.flatMap((role) => roleTraces(placed.filter(({ verdict }) => verdict.row.role === role), metric, role)), ...openTrace(placed, metric), ...seedTrace(placed, metric)],
    layout: {
      ...baseLayout(escapeHtml(title)),
      height: 190 + 26 * ((placed.at(-1)?.y ?? 0) + 1),
      xaxis: { ...axisLayout({ ...axis, range: paper ?? here ?? [0, 1] }), domain: panels.paper },
      xaxis2: { ...axisLayout({ ...axis, range: here ?? paper ?? [0, 1] }), domain: panels.here, anchor: "y2" },
      yaxis: { ...lines, ticktext: placed.map(({ verdict }) => rowText(verdict, grouped)) },
      yaxis2: { ...lines, anchor: "x2", matches: "y", showticklabels: false },
      margin: panelMargin,
      legend: panelLegend,
      annotations: [...panelTitles(judgement), ...absences(placed, metric), ...(placed.length === 0 ? [words("here", "this item has no rows")] : [])],
    },
  };
}

function place(rows: readonly RowVerdict[]): Placed[] {
  let y = -1;
  return rows.map((verdict, i) => {
    y += i > 0 && rows[i - 1].row.group !== verdict.row.group ? 1.6 : 1;
    return { verdict, y };
  });
}

/** A row's name, with its group where there are several and the name does not hold it. */
function rowText({ row: { label, group } }: RowVerdict, grouped = false): string {
  return escapeHtml(!grouped || group === undefined || label.includes(group) ? label : `${group}: ${label}`);
}

function roleTraces(placed: readonly Placed[], metric: Metric, role: ItemRow["role"]): PlotlyObject[] {
  if (placed.length === 0) return [];
  const { name, color, symbol } = looks[role];
  const shared = { type: "scatter", mode: "markers", name, legendgroup: role };
  const printed = placed.filter(({ verdict }) => cellValue(verdict.published[metric]) !== undefined);
  const measured = placed.filter(({ verdict }) => verdict.here[metric] !== undefined);
  const summaries = measured.map(({ verdict }) => verdict.here[metric]!);
  return [
    {
      ...shared, ...axisNames.paper, showlegend: measured.length === 0,
      x: printed.map(({ verdict }) => cellValue(verdict.published[metric])), y: printed.map(({ y }) => y), text: printed.map(({ verdict }) => rowText(verdict)),
      marker: { color, symbol: printed.map(({ verdict }) => (typeof verdict.published[metric] === "number" ? symbol : `${symbol}-open`)), size: 10 },
      hovertemplate: `%{text}: %{x} ${metricFacts[metric].unit ?? ""} in the paper<extra></extra>`,
    },
    {
      ...shared, ...axisNames.here, x: summaries.map(({ mean }) => mean), y: measured.map(({ y }) => y), marker: { color, symbol, size: 10 }, error_x: intervalBars(summaries, color),
      text: measured.map(({ verdict }) => `${rowText(verdict)}: ${metricText(metric, verdict.here[metric]!.mean)} ${metricFacts[metric].unit ?? ""}<br>${verdict.verdict}`), hovertemplate: "%{text}<extra></extra>",
    },
  ];
}

/** What the paper's prose leaves open of lost cells, as bars without a mark. */
function openTrace(placed: readonly Placed[], metric: Metric): PlotlyObject[] {
  const open = placed.filter(({ verdict }) => cellValue(verdict.published[metric]) === undefined && cellRange(verdict.published[metric]) !== undefined);
  if (open.length === 0) return [];
  const ends = open.map(({ verdict }) => cellRange(verdict.published[metric])!);
  return [{
    type: "scatter", mode: "lines", name: "lost; what the prose leaves open", ...axisNames.paper, line: { color: withOpacity(NEUTRAL, 0.8), width: 6 }, hoverinfo: "x",
    x: ends.flatMap(([low, high]) => [low, high, null]), y: open.flatMap(({ y }) => [y, y, null]),
  }];
}

function seedTrace(placed: readonly Placed[], metric: Metric): PlotlyObject[] {
  const points = placed.flatMap(({ verdict: { here, row }, y }) => {
    const values = here[metric]?.values ?? [];
    return values.length < 2 ? [] : values.map((value) => ({ value, y: y + 0.22, color: looks[row.role].color }));
  });
  if (points.length === 0) return [];
  return [{
    type: "scatter", mode: "markers", name: "single seeds", ...axisNames.here, x: points.map(({ value }) => value), y: points.map(({ y }) => y),
    marker: { color: points.map(({ color }) => withOpacity(color, 0.55)), size: 5, symbol: "circle" }, hovertemplate: "one seed: %{x:.4g}<extra></extra>",
  }];
}

/** Words where a point would be: the paper lost it, or nothing was run. */
function absences(placed: readonly Placed[], metric: Metric): PlotlyObject[] {
  const word = (side: Side, y: number, text: string) => ({ text, showarrow: false, xref: side === "paper" ? "x domain" : "x2 domain", yref: side === "paper" ? "y" : "y2", x: 0.02, y, xanchor: "left", font: { size: 11, color: NEUTRAL } });
  return placed.flatMap(({ verdict: { published, here, verdict }, y }) => [
    ...(cellRange(published[metric]) === undefined ? [word("paper", y, published[metric] === undefined ? "not printed" : "lost")] : []),
    ...(here[metric] === undefined ? [word("here", y, verdict === "not run" ? "not run" : "–")] : []),
  ]);
}
