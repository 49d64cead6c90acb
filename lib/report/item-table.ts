import type { Metric, PublishedCell } from "../papers/item.ts";
import type { Judgement, RowVerdict, Summary } from "../papers/judgement.ts";
import { differenceText, metricFacts, metricText } from "../papers/metrics.ts";
import { rangeWords } from "../papers/published-cells.ts";
import { bootstrapInterval } from "../statistics/bootstrap.ts";
import { together, withReasons } from "./reasons.ts";
import { table } from "./table.ts";
import type { Cell, Column, ReportTable } from "./table.ts";

/**
 * An item's rows: the paper's number, the one measured here with its interval, the difference to the row that it is compared
 * with beside the paper's own, and the verdict with its reason; beneath, all metrics where there are several.
 */
export function itemTable(judgement: Judgement): ReportTable<RowVerdict> {
  const main = mainTable(judgement);
  return metricsOf(judgement).length < 2 ? main : together(main, metricsTable(judgement));
}

function mainTable({ item, rows, note }: Judgement): ReportTable<RowVerdict> {
  const metrics = [...new Set(rows.map(({ metric }) => metric))];
  // Rows of several metrics name theirs; of a single one it stands in the headings.
  const [only] = metrics.length === 1 ? metrics : [];
  const unit = only && { unit: unitOf(only) };
  const { decimals } = only === undefined ? {} : metricFacts[only];
  const signed = { align: "right", oneLine: true, format: (value: Cell) => signedText(value, only ?? "entropy") } as const;
  const columns: Column<RowVerdict>[] = [
    ...groupColumn(rows),
    { heading: "row", value: ({ row }) => row.label },
    ...(metrics.length > 1 ? [{ heading: "metric", value: ({ metric }: RowVerdict) => `${metricFacts[metric].name}, ${unitOf(metric)}` }] : []),
    { heading: "paper", ...unit, align: "right", value: ({ published, metric }) => publishedText(published[metric], metric) },
    { heading: "here", ...unit, align: "right", ...(decimals !== undefined && { decimals }), value: (verdict) => hereCell(verdict, only === undefined) },
    { heading: "Δ paper", ...signed, value: ({ paperDifference: paper }) => (paper === undefined ? null : paper[0] === paper[1] ? paper[0] : { mean: NaN, low: paper[0], high: paper[1] }) },
    { heading: "Δ here", ...signed, value: ({ difference }) => (difference ? intervalCell(difference) : null) },
    { heading: "verdict", value: ({ verdict }) => verdict },
  ];
  return withReasons(columns, rows, { caption: item.title, note: `Δ: the row less the one that it is compared with. ${sourcesOf(rows, metrics)}${note}`, reason: reasonOf });
}

function reasonOf({ row, why, problem }: RowVerdict): { of: string; why: string } {
  return { of: row.label, why: problem === undefined || why.includes(problem) ? why : `${why} Failed: ${problem}.` };
}

/** All metrics of an item's rows, the paper's beside the means over the seeds. */
export function metricsTable(judgement: Judgement): ReportTable<RowVerdict> {
  const { item, rows, note } = judgement;
  const columns: Column<RowVerdict>[] = metricsOf(judgement).flatMap((metric) => {
    const { name, decimals } = metricFacts[metric];
    return [
      { heading: `${name} paper`, unit: unitOf(metric), align: "right" as const, value: ({ published }: RowVerdict) => publishedText(published[metric], metric) },
      { heading: `${name} here`, unit: unitOf(metric), align: "right" as const, ...(decimals !== undefined && { decimals }), value: ({ here }: RowVerdict) => here[metric]?.mean ?? null },
    ];
  });
  return table([...groupColumn(rows), { heading: "row", value: ({ row }) => row.label }, ...columns], rows, { caption: `${item.title}: all metrics`, note: `Here: means over the seeds. ${sourcesOf(rows, metricsOf(judgement))}${note}` });
}

/** What stands behind the means: each seed's number, the deviation, Student's interval and the bootstrap's. */
export function seedsTable(judgement: Judgement): ReportTable<SeedsRow> {
  const rows = seedsRowsOf(judgement);
  const columns: Column<SeedsRow>[] = [
    { heading: "row", value: ({ label }) => label },
    { heading: "of each seed", align: "right", value: ({ summary: { values }, text }) => values.map(text).join("  ") },
    { heading: "mean", align: "right", value: ({ summary: { mean }, text }) => text(mean) },
    { heading: "deviation", align: "right", value: ({ summary: { deviation }, metric }) => (deviation === undefined ? null : metricText(metric, deviation)) },
    { heading: "95 % Student interval", align: "right", value: ({ summary: { interval }, text }) => rangeCell(interval, text) },
    { heading: "95 % bootstrap interval", align: "right", value: ({ summary: { values }, text }) => rangeCell(bootstrapInterval(values), text) },
  ];
  const note = `Δ: the row less the one that it is compared with, seed by seed. The bootstrap (BCa, 9,999 resamples) never leaves the range of its values and is too short with few seeds; verdicts rest on Student's interval. ${judgement.note}`;
  return table(columns, rows, { caption: `${judgement.item.title}: seeds`, note });
}

/** Of every row with numbers, and its difference from the row that it is compared with. */
export const seedsRowsOf = ({ rows }: Pick<Judgement, "rows">): SeedsRow[] => rows.flatMap(seedsRows);

export interface SeedsRow {
  readonly label: string;
  readonly metric: Metric;
  readonly summary: Summary;
  readonly text: (value: number) => string;
}

function seedsRows({ row, metric, here, difference }: RowVerdict): SeedsRow[] {
  const own = here[metric];
  return [
    ...(own ? [{ label: row.label, metric, summary: own, text: (value: number) => metricText(metric, value) }] : []),
    ...(difference ? [{ label: `Δ ${row.label}`, metric, summary: difference, text: (value: number) => differenceText(metric, value) }] : []),
  ];
}

const rangeText = (range: readonly [number, number], text: (value: number) => string) => `[${text(range[0])}, ${text(range[1])}]`;
const rangeCell = (range: readonly [number, number] | undefined, text: (value: number) => string): Cell => (range === undefined ? null : rangeText(range, text));

function groupColumn(rows: readonly RowVerdict[]): Column<RowVerdict>[] {
  return rows.some(({ row }) => row.group !== undefined) ? [{ heading: "group", value: ({ row }) => row.group ?? "" }] : [];
}

/** Metrics that the paper prints or that were measured, in the item's order. */
function metricsOf({ item, rows }: Judgement): readonly Metric[] {
  return item.metrics.filter((metric) => rows.some(({ published, here }) => published[metric] !== undefined || here[metric] !== undefined));
}

function unitOf(metric: Metric): string {
  return metricFacts[metric].unit ?? "0 to 1";
}

/** As a number with its interval, or as text where rows of several metrics need decimals of their own. */
function hereCell({ here, verdict, metric }: RowVerdict, asText: boolean): Cell {
  const summary = here[metric];
  const text = (value: number) => metricText(metric, value);
  if (summary !== undefined) return asText ? `${text(summary.mean)}${summary.interval === undefined ? "" : ` ${rangeText(summary.interval, text)}`}` : intervalCell(summary);
  return verdict === "not run" ? { unknown: "not run" } : null;
}

function intervalCell({ mean, interval }: Summary): Cell {
  return interval === undefined ? mean : { mean, low: interval[0], high: interval[1] };
}

/** A cell of the paper: as printed, with a star where only the prose gives it, and with what is left of a lost one. */
export function publishedText(cell: PublishedCell | undefined, metric: Metric): Cell {
  if (cell === undefined) return null;
  const text = (value: number) => metricText(metric, value);
  if (typeof cell === "number") return text(cell);
  if ("value" in cell) return `${text(cell.value)}*`;
  return cell.bounds === undefined ? "lost" : `lost; ${rangeWords(cell.bounds, text)}`;
}

/** What stars and lost cells of some metrics mean, each reason once, with its rows where they are not all. */
function sourcesOf(rows: readonly RowVerdict[], metrics: readonly Metric[]): string {
  const reasons = new Map<string, Set<string>>();
  for (const { row, published } of rows) {
    for (const metric of metrics) {
      const cell = published[metric];
      if (typeof cell !== "object") continue;
      const reason = "value" in cell ? `* not printed: ${cell.derived}` : `Lost: ${cell.lost}`;
      reasons.set(reason, (reasons.get(reason) ?? new Set()).add(row.label));
    }
  }
  return [...reasons].map(([reason, labels]) => `${reason} (${labels.size === rows.length ? "all rows" : [...labels].join("; ")}). `).join("");
}

/** A signed number, with its interval; of a range without a mean, its ends. */
function signedText(value: Cell, metric: Metric): string {
  if (typeof value === "number") return differenceText(metric, value);
  if (typeof value !== "object" || value === null || !("mean" in value)) return "–";
  const [low, high] = [value.low, value.high].map((end) => differenceText(metric, end));
  return Number.isNaN(value.mean) ? rangeWords([value.low, value.high], (end) => differenceText(metric, end)) : `${differenceText(metric, value.mean)} [${low}, ${high}]`;
}
