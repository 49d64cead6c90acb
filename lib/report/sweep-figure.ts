import type { ItemRow, Metric } from "../papers/item.ts";
import type { Judgement, RowVerdict } from "../papers/judgement.ts";
import { cellValue } from "../papers/published-cells.ts";
import { axisLayout, baseLayout } from "./figures.ts";
import type { Axis, Figure, PlotlyObject } from "./figures.ts";
import { escapeHtml } from "./html.ts";
import { NEUTRAL, colour, withOpacity } from "./palette.ts";
import type { MetricTitle } from "./rows-figure.ts";
import { axisNames, intervalBars, metricAxis, numbersOf, panelLegend, panelMargin, panelTitles, panels, roomFor, words } from "./two-panels.ts";
import type { Side } from "./two-panels.ts";

/** Rows that differ in one weight, ascending. */
export interface Sweep {
  readonly name: string;
  readonly points: readonly { readonly weight: number; readonly verdict: RowVerdict }[];
}

/** Methods that the papers sweep, as they call them. */
const titles: Readonly<Record<string, string>> = { lgd: "LGD", sssd: "SSSD", sharedKd: "Shared-KD", frs: "FRS" };

/** A sweep needs so many weights. */
const least = 3;

/** Rows of one method at three or more constant weights; none where the item is no sweep. */
export function sweepsOf(rows: readonly RowVerdict[], metric: Metric): Sweep[] {
  const byMethod = new Map<string, { weight: number; verdict: RowVerdict }[]>();
  for (const verdict of rows) {
    const weight = weightOf(verdict.row);
    if (weight === undefined || (verdict.here[metric] === undefined && verdict.published[metric] === undefined && verdict.metric !== metric)) continue;
    const key = verdict.row.setting!.method!.name;
    byMethod.set(key, [...(byMethod.get(key) ?? []), { weight, verdict }]);
  }
  const sweeps = [...byMethod].map(([name, points]) => ({ name: titles[name] ?? name, points: points.sort((a, b) => a.weight - b.weight) }));
  return sweeps.filter(({ points }) => points.length >= least && new Set(points.map(({ weight }) => weight)).size === points.length);
}

/** Weights that a row leaves to its method: λ of LGD and of SSSD, w of Shared-KD (the papers' own settings). */
const ownWeights: Readonly<Record<string, number>> = { lgd: 1, sssd: 75, sharedKd: 2 };

/** The one weight of a row's method: its constant λ, or its feature weight. */
function weightOf({ setting }: ItemRow): number | undefined {
  const method = setting?.method;
  if (method === undefined || (method.lambda?.length ?? 1) > 1) return undefined;
  const { featureWeight } = (method.options ?? {}) as { readonly featureWeight?: number };
  return method.lambda?.[0][1] ?? featureWeight ?? ownWeights[method.name];
}

/** A metric against the weight, a line per method, students alone as dashed lines. */
export function sweepFigure(judgement: Judgement, sweeps: readonly Sweep[], { metric, title }: MetricTitle): Figure {
  const references = judgement.rows.filter(({ row }) => row.role === "student");
  const y = metricAxis(metric);
  const ranges = (["paper", "here"] as const).map((side) => roomFor(metric, [...sweeps.flatMap(({ points }) => points.map(({ verdict }) => verdict)), ...references].flatMap((verdict) => numbersOf(verdict, metric, side))));
  const x: Axis = { label: sweeps.every(({ name }) => name === titles.sharedKd) ? "weight w of the distillation" : "weight λ of the distillation", scale: "log", range: weightRange(sweeps) };
  return {
    data: [...sweeps.flatMap((sweep, i) => sweepTraces(sweep, { metric, color: colour(i) })), ...references.flatMap((verdict) => referenceTraces(verdict, metric, weightRange(sweeps)))],
    layout: {
      ...baseLayout(escapeHtml(title)),
      margin: panelMargin,
      height: 460,
      legend: panelLegend,
      xaxis: { ...axisLayout(x), domain: panels.paper },
      xaxis2: { ...axisLayout(x), domain: panels.here, anchor: "y2" },
      yaxis: axisLayout({ ...y, range: ranges[0] ?? ranges[1] ?? [0, 1] }),
      yaxis2: { ...axisLayout({ ...y, range: ranges[1] ?? ranges[0] ?? [0, 1] }), anchor: "x2" },
      annotations: [...panelTitles(judgement), ...(ranges[1] === undefined ? [words("here", "not run")] : [])],
    },
  };
}

function weightRange(sweeps: readonly Sweep[]): readonly [number, number] {
  const weights = sweeps.flatMap(({ points }) => points.map(({ weight }) => weight)).filter((weight) => weight > 0);
  return [Math.min(...weights) / 1.3, Math.max(...weights) * 1.3];
}

function sweepTraces({ name, points }: Sweep, { metric, color }: { metric: Metric; color: string }): PlotlyObject[] {
  const shared = { type: "scatter", name, legendgroup: name, mode: "lines+markers", line: { color, width: 2 }, marker: { color, size: 8 } };
  const printed = points.filter(({ verdict }) => cellValue(verdict.published[metric]) !== undefined);
  const measured = points.filter(({ verdict }) => verdict.here[metric] !== undefined);
  const summaries = measured.map(({ verdict }) => verdict.here[metric]!);
  const seeds = measured.flatMap(({ weight, verdict }) => verdict.here[metric]!.values.map((value) => ({ weight, value })));
  const hovertemplate = "weight %{x:.4g}: %{y:.4g}<extra></extra>";
  return [
    { ...shared, ...axisNames.paper, x: printed.map(({ weight }) => weight), y: printed.map(({ verdict }) => cellValue(verdict.published[metric])), hovertemplate },
    { ...shared, ...axisNames.here, showlegend: printed.length === 0, x: measured.map(({ weight }) => weight), y: summaries.map(({ mean }) => mean), error_y: intervalBars(summaries, color), hovertemplate },
    { ...shared, ...axisNames.here, mode: "markers", showlegend: false, x: seeds.map(({ weight }) => weight), y: seeds.map(({ value }) => value), marker: { color: withOpacity(color, 0.5), size: 5 }, hovertemplate: "one seed: %{y:.4g}<extra></extra>" },
  ];
}

function referenceTraces({ row, here, published }: RowVerdict, metric: Metric, ends: readonly [number, number]): PlotlyObject[] {
  const shared = { type: "scatter", mode: "lines", name: escapeHtml(row.label), legendgroup: row.id, line: { color: NEUTRAL, width: 1.5, dash: "dash" }, hoverinfo: "name+y" };
  const [printed, measured] = [cellValue(published[metric]), here[metric]?.mean];
  const line = (side: Side, value: number | undefined) => (value === undefined ? [] : [{ ...shared, ...axisNames[side], showlegend: side === "paper" || printed === undefined, x: [...ends], y: [value, value] }]);
  return [...line("paper", printed), ...line("here", measured)];
}
