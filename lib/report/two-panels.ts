import type { Metric } from "../papers/item.ts";
import type { Judgement, RowVerdict, Summary } from "../papers/judgement.ts";
import { metricFacts } from "../papers/metrics.ts";
import { cellRange } from "../papers/published-cells.ts";
import type { Axis, PlotlyObject } from "./figures.ts";
import { NEUTRAL } from "./palette.ts";

/** Paper on the left, here on the right. */
export type Side = "paper" | "here";

export const axisNames = { paper: { xaxis: "x", yaxis: "y" }, here: { xaxis: "x2", yaxis: "y2" } } as const;

export const panels = { paper: [0, 0.46], here: [0.54, 1] } as const;

/** A metric as an axis says it. */
export function metricAxis(metric: Metric): Axis {
  const { name, unit } = metricFacts[metric];
  return { label: name, ...(unit !== undefined && { unit }) };
}

/** What stands above the two panels: which is which, and what a smoke run is. */
export function panelTitles({ profile, seeds }: Pick<Judgement, "profile" | "seeds">): PlotlyObject[] {
  const count = seeds.length === 0 ? "nothing run" : seeds.length === 1 ? "1 seed" : `${seeds.length} seeds`;
  const above = { showarrow: false, xref: "paper", yref: "paper", y: 1, xanchor: "left", yanchor: "bottom", font: { size: 13 } };
  return [
    ...([["paper", "paper"], ["here", `here: ${profile}, ${count}`]] as const).map(([side, text]) => ({ ...above, text: `<b>${text}</b>`, x: panels[side][0], yshift: 4 })),
    ...(profile === "smoke" ? [{ ...above, text: "Smoke profile: proves the pipeline, reproduces no number of the paper.", x: 0, yshift: 26, font: { size: 12 } }] : []),
  ];
}

/** Room for titles above, and for the legend beneath. */
export const panelMargin = { l: 70, r: 30, t: 96, b: 90 } as const;
export const panelLegend = { orientation: "h", x: 0, xanchor: "left", yref: "container", y: 0.01, yanchor: "bottom" } as const;

/** Words in the middle of a panel that has nothing to show. */
export function words(side: Side, text: string): PlotlyObject {
  const [from, to] = panels[side];
  return { text, showarrow: false, xref: "paper", yref: "paper", x: (from + to) / 2, y: 0.5, xanchor: "center", font: { color: NEUTRAL } };
}

/** What a row draws in one panel: all numbers, but no end of a lost cell's range that bounds nothing. */
export function numbersOf({ here, published }: RowVerdict, metric: Metric, side: Side): readonly number[] {
  const summary = here[metric];
  if (side === "here") return summary ? [...summary.values, ...(summary.interval ?? [])] : [];
  return (cellRange(published[metric]) ?? []).filter((end) => !metricFacts[metric].precision || (end > 0 && end < 100));
}

/** Plotly's error bars for intervals; summaries without one have none. */
export function intervalBars(summaries: readonly Summary[], color: string): PlotlyObject {
  const reach = (end: 0 | 1) => summaries.map(({ mean, interval }) => (interval === undefined ? 0 : Math.abs(interval[end] - mean)));
  return { type: "data", symmetric: false, array: reach(1), arrayminus: reach(0), color, thickness: 1.5, width: 4 };
}

/** A range with some room around values, a share of their span; APs stay within 0 and 100. Undefined without a value. */
export function roomFor(metric: Metric, values: readonly number[], share = 0.08): readonly [number, number] | undefined {
  const finite = values.filter(Number.isFinite);
  if (finite.length === 0) return undefined;
  const [low, high] = [Math.min(...finite), Math.max(...finite)];
  const room = share * (high - low) || Math.max(0.5, 0.02 * Math.abs(high));
  const ends = [low - room, high + room] as const;
  return metricFacts[metric].precision ? [Math.max(0, ends[0]), Math.min(100, ends[1])] : ends;
}
