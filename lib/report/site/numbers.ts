import type { Metric, PublishedCell } from "../../papers/item.ts";
import type { Summary } from "../../papers/judgement.ts";
import { differenceText, metricFacts, metricText } from "../../papers/metrics.ts";
import { cellText } from "../table.ts";
import { markup, measured } from "./markup.ts";
import type { Content, Markup } from "./markup.ts";

/** Whether a metric is a time or a size of this machine, in which two runs of one program differ. */
export function isMeasured(metric: Metric): boolean {
  return metric === "hours" || metric === "memory";
}

/** `AP [points]`. */
export function metricHeading(metric: Metric): string {
  const { name, unit } = metricFacts[metric];
  return unit === undefined ? name : `${name} [${unit}]`;
}

/** A number with a true minus sign. */
export function number(value: number, decimals: number): string {
  return cellText(value, { decimals });
}

/** A number as the paper prints it, or why it has none. */
export function publishedCell(cell: PublishedCell | undefined, metric: Metric): Content {
  if (cell === undefined) return "–";
  if (typeof cell === "number") return metricText(metric, cell);
  if ("value" in cell) return markup`${metricText(metric, cell.value)} <span class="marked">${cell.derived}</span>`;
  const { lost, bounds } = cell;
  return markup`${bounds === undefined ? "–" : `${metricText(metric, bounds[0])} to ${metricText(metric, bounds[1])}`} <span class="marked">lost: ${lost}</span>`;
}

/** What a cell that is not simply printed has to say. */
export function cellNote(cell: PublishedCell | undefined): string | undefined {
  if (cell === undefined || typeof cell === "number") return undefined;
  return "value" in cell ? cell.derived : `lost: ${cell.lost}`;
}

/** A number as the paper prints it, or its range, with the number of its note. */
export function notedCell(cell: PublishedCell | undefined, metric: Metric, notes: readonly string[]): Content {
  const note = cellNote(cell);
  if (cell === undefined || note === undefined) return publishedCell(cell, metric);
  const ends = typeof cell === "number" ? [] : "value" in cell ? [cell.value] : cell.bounds ?? [];
  return markup`${ends.length === 0 ? "–" : ends.map((end) => metricText(metric, end)).join(" to ")}<sup>(${notes.indexOf(note) + 1})</sup>`;
}

/** A mean over seeds, with its interval beneath. */
export function summaryCell(summary: Summary | undefined, metric: Metric): Content {
  return cellOf(summary, metric, (value) => metricText(metric, value));
}

/** The same of a difference, with signs. */
export function differenceCell(summary: Summary | undefined, metric: Metric): Content {
  return cellOf(summary, metric, (value) => differenceText(metric, value));
}

function cellOf(summary: Summary | undefined, metric: Metric, text: (value: number) => string): Content {
  if (summary === undefined || summary.values.length === 0) return "–";
  const shown = markup`${text(summary.mean)}${interval(summary, text)}`;
  return isMeasured(metric) ? measured(shown) : shown;
}

function interval({ values, interval: ends }: Summary, text: (value: number) => string): Markup {
  if (ends !== undefined) return markup` <span class="interval">[${text(ends[0])}, ${text(ends[1])}]</span>`;
  return markup` <span class="interval">${values.length === 1 ? "1 seed" : `${values.length} seeds`}</span>`;
}

/** `4.2 s`, `12.5 min`, `3.1 h`. */
export function duration(seconds: number): string {
  if (seconds < 120) return `${number(seconds, 1)} s`;
  return seconds < 7200 ? `${number(seconds / 60, 1)} min` : `${number(seconds / 3600, 1)} h`;
}

/** Bytes in GB of 10⁹. */
export function gigabytes(bytes: number): string {
  return `${number(bytes / 1e9, 2)} GB`;
}

/** `3 (0, 1, 2)`. */
export function seedsText(seeds: readonly number[]): string {
  return seeds.length === 0 ? "–" : `${seeds.length} (${seeds.length === 1 ? "seed " : ""}${seeds.join(", ")})`;
}
