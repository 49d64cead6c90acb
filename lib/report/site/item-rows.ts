import type { ItemRow, Metric } from "../../papers/item.ts";
import type { RowVerdict } from "../../papers/judgement.ts";
import { entropyMeasures } from "../../distill/region-entropy.ts";
import { summarise } from "../../papers/measurements.ts";
import { differenceText, metricText } from "../../papers/metrics.ts";
import { bootstrapInterval } from "../../statistics/bootstrap.ts";
import { seedsRowsOf, type SeedsRow } from "../item-table.ts";
import { dataTable } from "./data-table.ts";
import type { SiteColumn } from "./data-table.ts";
import { markup, measured } from "./markup.ts";
import type { Content, Markup } from "./markup.ts";
import { cellNote, differenceCell, isMeasured, metricHeading, notedCell, publishedCell, summaryCell } from "./numbers.ts";
import { linkFrom, places } from "./places.ts";
import type { SiteItem } from "./types.ts";
import { badge } from "./verdicts.ts";

/** Every row: paper, here with its interval, the difference from the row that it is compared with, verdict and why, trainings. */
export function rowsTable(entry: SiteItem, page: string): Markup {
  const { item, judgement: { rows } } = entry;
  const metrics = [...new Set(rows.map(({ metric }) => metric))];
  const group = metrics.length === 1 ? metricHeading(metrics[0]) : "value";
  const columns: readonly SiteColumn<RowVerdict>[] = [
    { heading: "row", header: true, cell: ({ row }) => nameOf(row) },
    ...(metrics.length === 1 ? [] : [{ heading: "metric", cell: ({ metric }: RowVerdict) => metricHeading(metric) }]),
    { heading: "paper", group, align: "right", cell: ({ published, metric }) => publishedCell(published[metric], metric) },
    { heading: "here", group, align: "right", cell: ({ here, metric }) => summaryCell(here[metric], metric) },
    ...(rows.some(({ row }) => row.against !== undefined) ? differenceColumns : []),
    { heading: "verdict", cell: verdictOf },
    { heading: "trainings", cell: ({ row }) => trainingsOf(entry, row, page) },
  ];
  return dataTable(columns, rows, { cards: true, caption: `${item.title}${item.masks ? " (AP of masks)" : ""}`, attributes: ({ row }) => ({ id: `row-${row.id}` }) });
}

function nameOf({ label, group }: ItemRow): Content {
  return [label, group !== undefined && markup`<br><span class="quiet">${group}</span>`];
}

const differenceColumns: readonly SiteColumn<RowVerdict>[] = [
  { heading: "paper", group: "less the row compared with", align: "right", cell: ({ metric, paperDifference: paper }) => (paper === undefined ? "–" : [...new Set(paper.map((end) => differenceText(metric, end)))].join(" to ")) },
  { heading: "here, by seed", group: "less the row compared with", align: "right", cell: ({ metric, difference }) => differenceCell(difference, metric) },
];

function verdictOf({ verdict, why, problem, metric }: RowVerdict): Content {
  const reason = markup`<p class="why">${why}</p>`;
  return [badge(verdict), isMeasured(metric) ? measured(reason) : reason, problem !== undefined && !why.includes(problem) && markup`<p class="why">Failed: ${problem}</p>`];
}

function trainingsOf({ results }: SiteItem, row: ItemRow, page: string): Content {
  const links = results.flatMap(({ row: { id }, seed, run }) => (id !== row.id || run === undefined ? [] : [markup`<a href="${linkFrom(page, places.run(run.folder))}" aria-label="training of ${row.label} with seed ${seed}">${seed}</a>`]));
  return links.length === 0 ? "–" : [links.length === 1 ? "seed " : "seeds ", links.map((link, i) => [i > 0 && ", ", link])];
}

/** Every metric that the paper prints or that was measured, where there are several. */
export function metricsTable({ judgement: { item, rows: all } }: SiteItem): Markup | false {
  const rows = all.filter(({ row: { measure } }) => measure === undefined); // these have one metric of their own
  const known = item.metrics.filter((metric) => rows.some(({ published, here }) => published[metric] !== undefined || here[metric] !== undefined));
  if (known.length < 2) return false;
  const notes = [...new Set(rows.flatMap(({ published }) => known.flatMap((metric) => cellNote(published[metric]) ?? [])))];
  const table = dataTable([{ heading: "row", header: true, cell: ({ row }) => nameOf(row) }, ...known.flatMap((metric) => metricColumns(metric, notes))], rows, { caption: "All metrics, paper and here" });
  return markup`${table}${notes.length > 0 && markup`<ol class="note">${notes.map((note) => markup`<li>${note}</li>`)}</ol>`}`;
}

function metricColumns(metric: Metric, notes: readonly string[]): SiteColumn<RowVerdict>[] {
  const group = metricHeading(metric);
  return [
    { heading: "paper", group, align: "right", cell: ({ published }) => notedCell(published[metric], metric, notes) },
    { heading: "here", group, align: "right", cell: ({ here }) => summaryCell(here[metric], metric) },
  ];
}

/** What a region's entropy is when "richness" means something else, where that was measured. */
export function entropiesTable({ results }: SiteItem): Markup | false {
  const all = results.flatMap(({ row: { label }, entropies }) => (entropies === undefined ? [] : [{ label, entropies }]));
  if (all.length === 0) return false;
  const known = [...new Set(all.map(({ label }) => label))].map((label) => ({ label, entropies: all.filter((one) => one.label === label).map(({ entropies }) => entropies) }));
  const measures = entropyMeasures.filter((measure) => all.some(({ entropies }) => entropies[measure] !== undefined));
  const columns = measures.map((measure): SiteColumn<(typeof known)[number]> => ({
    heading: `of ${measure}`, unit: "bits", align: "right", cell: ({ entropies }) => {
      const values = entropies.flatMap(({ [measure]: value }) => value ?? []);
      return summaryCell(values.length === 0 ? undefined : summarise(values), "entropy");
    },
  }));
  return dataTable([{ heading: "row", header: true, cell: ({ label }) => label }, ...columns], known, { caption: "Entropy, by what “richness” may mean" });
}

/** What stands behind the means, where there are several seeds. */
export function seedsDetails({ judgement }: SiteItem): Markup | false {
  const rows = seedsRowsOf(judgement).filter(({ summary: { values } }) => values.length > 1);
  if (rows.length === 0) return false;
  const own = ({ metric }: SeedsRow, content: Content) => (isMeasured(metric) ? measured(content) : content);
  const range = (ends: readonly [number, number] | undefined, text: SeedsRow["text"]) => (ends === undefined ? "–" : `[${text(ends[0])}, ${text(ends[1])}]`);
  const table = dataTable<SeedsRow>([
    { heading: "row", header: true, cell: ({ label }) => label },
    { heading: "of each seed", align: "right", cell: (row) => own(row, markup`<span class="marked">${row.summary.values.map(row.text).join("  ")}</span>`) },
    { heading: "mean", align: "right", cell: (row) => own(row, row.text(row.summary.mean)) },
    { heading: "deviation", align: "right", cell: (row) => own(row, row.summary.deviation === undefined ? "–" : metricText(row.metric, row.summary.deviation)) },
    { heading: "95 % Student interval", align: "right", cell: (row) => own(row, range(row.summary.interval, row.text)) },
    { heading: "95 % bootstrap interval", align: "right", cell: (row) => own(row, range(bootstrapInterval(row.summary.values), row.text)) },
  ], rows, { caption: "Seeds: Δ is the row less the one that it is compared with" });
  return markup`<details><summary>Every seed, deviations, and the bootstrap beside Student's interval</summary>${table}</details>`;
}
