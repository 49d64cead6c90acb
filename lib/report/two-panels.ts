import type { Metric } from "../papers/item.ts";
import type { Judgement, Summary } from "../papers/judgement.ts";
import { metricFacts } from "../papers/metrics.ts";
import type { Axis, PlotlyObject } from "./figures.ts";

/** Paper on the left, here on the right. */
export type Side = "paper" | "here";

export const axisNames = { paper: { xaxis: "x", yaxis: "y" }, here: { xaxis: "x2", yaxis: "y2" } } as const;

export const panels = { paper: [0, 0.46], here: [0.54, 1] } as const;

/** A metric as an axis says it. */
export function metricAxis(metric: Metric): Axis {
  const { name, unit } = metricFacts[metric];
  return { label: name, ...(unit !== undefined && { unit }) };
}

/** What stands above the two panels; smoke says what it is. */
export function panelTitles({ profile, seeds }: Judgement): PlotlyObject[] {
  const count = seeds.length === 0 ? "nothing run" : seeds.length === 1 ? "1 seed" : `${seeds.length} seeds`;
  const here = `here: ${profile}, ${count}${profile === "smoke" ? " (proves the pipeline)" : ""}`;
  return ([["paper", "paper"], ["here", here]] as const).map(([side, text]) => ({
    text: `<b>${text}</b>`, showarrow: false, xref: "paper", yref: "paper", x: panels[side][0], y: 1, xanchor: "left", yanchor: "bottom", yshift: 4, font: { size: 13 },
  }));
}

/** Plotly's error bars for intervals; summaries without one have none. */
export function intervalBars(summaries: readonly Summary[], color: string): PlotlyObject {
  const reach = (end: 0 | 1) => summaries.map(({ mean, interval }) => (interval === undefined ? 0 : Math.abs(interval[end] - mean)));
  return { type: "data", symmetric: false, array: reach(1), arrayminus: reach(0), color, thickness: 1.5, width: 4 };
}

/** A range with some room around values; APs stay within 0 and 100. Undefined without a value. */
export function roomFor(metric: Metric, values: readonly number[]): readonly [number, number] | undefined {
  const finite = values.filter(Number.isFinite);
  if (finite.length === 0) return undefined;
  const [low, high] = [Math.min(...finite), Math.max(...finite)];
  const room = 0.08 * (high - low) || Math.max(0.5, 0.02 * Math.abs(high));
  const ends = [low - room, high + room] as const;
  return metricFacts[metric].precision ? [Math.max(0, ends[0]), Math.min(100, ends[1])] : ends;
}

/** Every number that a summary draws. */
export const drawn = ({ values, interval }: Summary): number[] => [...values, ...(interval ?? [])];
