import type { BackendInfo } from "../../backend/info.ts";
import type { Metric } from "../../papers/item.ts";
import { dataTable } from "./data-table.ts";
import { figureOf } from "./figure.ts";
import { markup, measured } from "./markup.ts";
import type { Content, Markup } from "./markup.ts";
import { metricText } from "../../papers/metrics.ts";
import { duration, gigabytes, isMeasured, metricHeading, number } from "./numbers.ts";
import { pageOf } from "./page.ts";
import { linkFrom, places } from "./places.ts";
import { detectionsOf } from "./run-detections.ts";
import { runFigures } from "./run-figures.ts";
import { withoutPaths } from "./scrub.ts";
import type { RunFiles, Site, SitePage, SiteRun } from "./types.ts";

/** A training: whose row it is, scores, curves, detections, configuration, environment, files. */
export async function runPage(site: Site, run: SiteRun): Promise<SitePage> {
  const path = places.run(run.folder);
  const files = site.read(run);
  const body = markup`
${files.broken.map((what) => markup`<p class="banner">${what}.</p>`)}
${factsOf(site, run, { path, files })}
<h2 id="scores">Scores</h2>
${scoresOf(run)}
<h2 id="curves">Curves</h2>
${await curvesOf(site, run, { path, files })}
<h2 id="detections">Detections</h2>
${await detectionsOf(site, run)}
<h2 id="configuration">Configuration</h2>
${configurationOf(files)}
<h2 id="environment">Environment</h2>
${environmentOf(run.record?.environment ?? files.result?.environment)}
<h2 id="files">Files</h2>
${filesOf(run, files)}`;
  return pageOf(site, { path, title: titleOf(run), trail: [markup`<a href="${linkFrom(path, places.trainings)}">Trainings</a>`], body });
}

export function titleOf({ experiment, seed }: Pick<SiteRun, "experiment" | "seed">): string {
  return `${experiment}, seed ${seed}`;
}

function factsOf(site: Site, run: SiteRun, { path, files: { steps, result } }: { readonly path: string; readonly files: RunFiles }): Markup {
  const { record } = run;
  const [seconds, bytes] = [record?.seconds ?? result?.seconds, record?.peakMemoryBytes ?? result?.peakMemoryBytes];
  const iterations = record?.iterations ?? result?.iterations ?? steps.length;
  const facts: readonly (readonly [string, Content])[] = [
    ["Folder", markup`<code>${run.folder}</code>`],
    ["Rows", run.answers.length === 0 ? "none of its own" : run.answers.map(({ item, result: { row } }, i) => [i > 0 && "; ", markup`<a href="${linkFrom(path, `${places.item(item.id)}#row-${row.id}`)}">${item.title}: ${row.label}</a>`])],
    ["Learns from", run.teacher === undefined ? "no other training" : linkTo(run.teacher, site, path)],
    ...(run.alone === undefined ? [] : [["The same student alone", linkTo(run.alone, site, path)] as const]),
    ...(run.pupils.length === 0 ? [] : [["Taught", run.pupils.map((pupil, i) => [i > 0 && "; ", linkTo(pupil, site, path)])] as const]),
    ["Iterations", iterations === 0 ? "none: the published weights are kept as they are" : iterations],
    ["Time in steps", seconds === undefined || iterations === 0 ? "–" : measured(duration(seconds))],
    ["Images per second", result === undefined || iterations === 0 ? "–" : measured(number(result.imagesPerSecond, 1))],
    ["Peak memory of the process", bytes === undefined ? "–" : measured(gigabytes(bytes))],
  ];
  return markup`<dl class="facts">${facts.map(([name, value]) => markup`<dt>${name}</dt><dd>${value}</dd>`)}</dl>`;
}

function linkTo(folder: string, { runs }: Site, path: string): Markup {
  const run = runs.find((one) => one.folder === folder);
  return markup`<a href="${linkFrom(path, places.run(folder))}">${run === undefined ? folder : titleOf(run)}</a>`;
}

function scoresOf({ answers }: SiteRun): Markup {
  const problems = [...new Set(answers.flatMap(({ result: { problem } }) => (problem === undefined ? [] : [problem])))].map((problem) => markup`<p class="banner">${problem}</p>`);
  const metrics = new Map(answers.flatMap(({ result }) => Object.entries(result.metrics ?? {}) as [Metric, number][]));
  if (metrics.size === 0) return markup`${problems}<p class="quiet">None: it is no row of its own, or was not scored.</p>`;
  return markup`${problems}${dataTable([
    { heading: "metric", header: true, cell: ([metric]) => metricHeading(metric) },
    { heading: "value", align: "right", cell: ([metric, value]) => (isMeasured(metric) ? measured(metricText(metric, value)) : metricText(metric, value)) },
  ], [...metrics], { caption: "On the validation images" })}`;
}

async function curvesOf(site: Site, { record }: SiteRun, { path, files }: { readonly path: string; readonly files: RunFiles }): Promise<Content> {
  if (record?.iterations === 0) return markup`<p class="quiet">Nothing was trained.</p>`;
  const figures = runFigures(files.steps, record?.curve ?? files.curve, site.datasets?.validation.images);
  if (figures.length === 0) return markup`<p class="quiet">Its steps are not in the folder of runs any more.</p>`;
  const shown: Markup[] = [];
  for (const { name, title, caption, figure } of figures) shown.push(markup`<div><h3>${title}</h3>${await figureOf(site, figure, { page: path, name, title, caption, width: 640 })}</div>`);
  return markup`<div class="pair">${shown}</div>`;
}

function configurationOf({ config, names }: RunFiles): Markup {
  if (config === undefined) return markup`<p class="quiet">${names.includes("config.json") ? "Its config.json cannot be read." : "There is no config.json."}</p>`;
  return markup`<details><summary>config.json, as it was trained</summary><pre>${JSON.stringify(config, (_key, value: unknown) => (typeof value === "string" ? withoutPaths(value) : value), 2)}</pre></details>`;
}

function environmentOf(environment: BackendInfo | undefined): Markup {
  if (environment === undefined) return markup`<p class="quiet">It left no result yet.</p>`;
  const { deviceName, device, name, tensorflowVersion, tfjsVersion, nodeVersion, platform, threads, oneDnn, deterministic } = environment;
  const facts: readonly (readonly [string, string | number])[] = [
    ["Device", `${deviceName} (${device === "cuda" ? "GPU" : "CPU"})`], ["Backend", `${name} ${tensorflowVersion}`], ["TensorFlow.js", tfjsVersion], ["Node", nodeVersion],
    ["Platform", platform], ["Threads within an operation", threads], ["oneDNN", oneDnn ? "on" : "off"], ["Deterministic kernels", deterministic ? "asked for" : "not asked for"],
  ];
  return markup`<dl class="facts">${facts.map(([what, value]) => markup`<dt>${what}</dt><dd>${value}</dd>`)}</dl>`;
}

/** What files of a run's folder say. */
const meanings: readonly (readonly [pattern: RegExp, meaning: string])[] = [
  [/^config\.json$/, "what was trained, on which data by hash, from which weights by hash"],
  [/^code\.json$/, "the code that trained it: commit, untracked files, versions"],
  [/^code(?:-\d+)?\.patch$/, "what the code differed in from its commit"],
  [/^entropy-.*\.json$/, "entropies of the regions"],
  [/^validation\.jsonl$/, "AP while it trained"],
  [/^metrics\.jsonl$/, "every iteration: losses, shares, λ, learning rates, gradient norm, time"],
  [/^result\.json$/, "iterations, time, memory, environment"],
  [/^weights\.safetensors$/, "the trained detector"],
  [/^score-.*\.json$/, "scores, by data and conventions"],
  [/^ro-crate-metadata\.json$/, "all of it as a Process Run Crate: what was made from what, by which code"],
];

function filesOf({ folder }: SiteRun, { names }: RunFiles): Markup {
  if (names.length === 0) return markup`<p class="quiet">The folder <code>${folder}</code> is not there any more.</p>`;
  const meaning = (name: string) => meanings.find(([pattern]) => pattern.test(name))?.[1];
  return markup`<p>In <code>${folder}</code> of the folder of runs:</p><ul>${names.map((name) => markup`<li><code>${name}</code>${meaning(name) !== undefined && `: ${meaning(name)}`}</li>`)}</ul>`;
}
