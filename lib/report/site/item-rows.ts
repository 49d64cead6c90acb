import type { ItemRow, Metric } from "../../papers/item.ts";
import type { RowVerdict } from "../../papers/judgement.ts";
import { entropyMeasures } from "../../distill/region-entropy.ts";
import { differenceText, metricText } from "../../papers/metrics.ts";
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
  if (rows.length === 0) return markup`<p class="quiet">It has no rows of a table: its result is in the notebook.</p>`;
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
  const known = results.flatMap(({ row: { label }, entropies }) => (entropies === undefined ? [] : [{ label, entropies }]));
  if (known.length === 0) return false;
  const measures = entropyMeasures.filter((measure) => known.some(({ entropies }) => entropies[measure] !== undefined));
  const columns = measures.map((measure): SiteColumn<(typeof known)[number]> => ({ heading: `of ${measure}`, unit: "bits", align: "right", cell: ({ entropies: { [measure]: value } }) => (value === undefined ? "–" : metricText("entropy", value)) }));
  return dataTable([{ heading: "row", header: true, cell: ({ label }) => label }, ...columns], known, { caption: "Entropy, by what “richness” may mean" });
}
