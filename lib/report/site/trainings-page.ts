import { dataTable } from "./data-table.ts";
import { markup, measured } from "./markup.ts";
import { metricText } from "../../papers/metrics.ts";
import { duration, gigabytes } from "./numbers.ts";
import { pageOf } from "./page.ts";
import { linkFrom, places } from "./places.ts";
import { titleOf } from "./run-page.ts";
import type { Site, SitePage, SiteRun } from "./types.ts";

/** Every training with its page. */
export function trainingsPage(site: Site): SitePage {
  const { runs } = site;
  const body = runs.length === 0 ? markup`<p>None of a row: what a search has trained is shown in its notebook.</p>` : markup`
<p class="lead">${runs.length} trainings. One that several rows ask for is done once.</p>
${dataTable([
    { heading: "training", header: true, cell: (run) => markup`<a href="${linkFrom(places.trainings, places.run(run.folder))}">${titleOf(run)}</a>` },
    { heading: "rows", cell: rowsOf },
    { heading: "AP", unit: "points", align: "right", cell: apOf },
    { heading: "iterations", align: "right", cell: ({ record }) => record?.iterations ?? "–" },
    { heading: "time", align: "right", cell: ({ record }) => (record === undefined ? "–" : measured(duration(record.seconds))) },
    { heading: "memory", align: "right", cell: ({ record }) => (record === undefined ? "–" : measured(gigabytes(record.peakMemoryBytes))) },
  ], runs, { caption: "Every training" })}`;
  return pageOf(site, { path: places.trainings, title: "Trainings", body });
}

function rowsOf({ answers, pupils }: SiteRun): string {
  if (answers.length === 0) return pupils.length === 0 ? "–" : `teacher of ${pupils.length}`;
  return answers.map(({ item, result: { row } }) => `${item.id}: ${row.label}`).join("; ");
}

function apOf({ answers }: SiteRun): string {
  const value = answers.find(({ result }) => result.metrics?.AP !== undefined)?.result.metrics?.AP;
  return value === undefined ? "–" : metricText("AP", value);
}
