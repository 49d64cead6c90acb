import { basename } from "node:path";
import { silences } from "../../papers/silences/index.ts";
import type { Figure } from "../figures.ts";
import { sharedKdNotice } from "../../distill/shared-kd.ts";
import { dataTable } from "./data-table.ts";
import { figureOf } from "./figure.ts";
import { mainMetric } from "../item-figure.ts";
import { metricFacts } from "../../papers/metrics.ts";
import { claimsOf } from "./item-claims.ts";
import { entropiesTable, metricsTable, rowsTable, seedsDetails } from "./item-rows.ts";
import { markup } from "./markup.ts";
import type { Content, Markup } from "./markup.ts";
import { isMeasured, seedsText } from "./numbers.ts";
import { pageOf } from "./page.ts";
import { linkFrom, places } from "./places.ts";
import type { Site, SiteItem, SitePage } from "./types.ts";
import { badge, countSentence, paperNames, tooFew } from "./verdicts.ts";

/** Claim, setting, table, figure, claims, what would change the verdict. */
export async function itemPage(site: Site, entry: SiteItem, figure: Figure | undefined): Promise<SitePage> {
  const { item, judgement } = entry;
  const path = places.item(item.id);
  const body = markup`
<p class="lead">${item.claim}</p>
${item.label && markup`<p class="note"><span class="label">${item.label}</span> ${item.paper === "shared-kd" ? sharedKdNotice : ""}.</p>`}
<p>${summary(entry)}</p>
${entry.asked && tooFew(entry.judgement) && markup`<p>${tooFew(entry.judgement)}</p>`}
<h2 id="setting">Setting</h2>
${settingOf(site, entry, path)}
<h2 id="rows">Paper and here</h2>
${rowsTable(entry, path)}
${metricsTable(entry)}
${entropiesTable(entry)}
${seedsDetails(entry)}
${judgement.note !== "" && markup`<p class="note">${judgement.note}</p>`}
<h2 id="figure">Figure</h2>
${await pictured(site, entry, { path, figure })}
<h2 id="claims">Claims</h2>
${claimsOf(entry)}
${doubtsOf(entry)}
<h2 id="changes">What would change the verdict</h2>
<ul>${item.changes.map((change) => markup`<li>${change}</li>`)}</ul>
<h2 id="sources">Notebook</h2>
${notebookOf(entry, path)}`;
  return pageOf(site, { path, title: item.title, trail: [markup`<a href="${linkFrom(path, places.index)}">${paperNames[item.paper].short}</a>`], body });
}

function summary({ judgement: { claims, rows }, asked, item }: SiteItem): Content {
  if (!asked) return markup`${badge("not run")} This item was not asked for: <code>potstill reproduce ${item.id}</code> runs it.`;
  return [countSentence(claims, claims.length === 1 ? "claim" : "claims"), " ", countSentence(rows, "rows")];
}

function settingOf(site: Site, { item, differences }: SiteItem, path: string): Markup {
  const [all, some] = [differences.filter(({ rows }) => rows === undefined), differences.filter(({ rows }) => rows !== undefined)];
  const open = silences.filter(({ paper }) => paper === item.paper || paper === "all");
  return markup`<dl class="facts"><dt>Profile</dt><dd>${site.profile}</dd><dt>Data</dt><dd>${dataName(site.data)}</dd><dt>Seeds</dt><dd>${seedsText(site.seeds)}</dd></dl>
${differences.length === 0 && markup`<p class="quiet">${item.rows.some(({ probe }) => probe !== undefined) ? "Its notebook trains its rows; its first table says how they differ from the paper." : "No training belongs to this item here, so there is nothing to compare."}</p>`}
${folded(all, `of every row from the paper's (profile ${site.profile})`)}
${folded(some, "of some rows from the paper's")}
<details><summary>${open.length} places where the paper is silent or contradicts itself, or the official code does otherwise</summary><ul>${open.map(({ id, paper, topic }) => markup`<li><a href="${linkFrom(path, `${places.differences}#${paper}-${id}`)}">${topic}</a></li>`)}</ul></details>`;
}

/** Closed: the result comes first, on a phone above all. */
function folded(list: SiteItem["differences"], whose: string): Markup | false {
  if (list.length === 0) return false;
  const caption = `${list.length} ${list.length === 1 ? "difference" : "differences"} ${whose}`;
  return markup`<details><summary>${caption}</summary>${differencesTable(list, caption)}</details>`;
}

function differencesTable(list: SiteItem["differences"], caption: string): Markup {
  return dataTable([
    { heading: "what", header: true, cell: ({ what, rows }) => [what, rows !== undefined && markup`<br><span class="why">${rows.join("; ")}</span>`] },
    { heading: "the paper", half: true, cell: ({ paper }) => paper },
    { heading: "here", half: true, cell: ({ here }) => here },
  ], list, { caption, cards: true, even: true });
}

/** A folder's own name, without where it lies. */
export function dataName(data: string): string {
  return data === "synthetic" ? "synthetic scenes" : basename(data);
}

async function pictured(site: Site, entry: SiteItem, { path, figure }: { readonly path: string; readonly figure: Figure | undefined }): Promise<Markup> {
  if (figure === undefined || figure.data.length === 0) return markup`<p class="quiet">Nothing to draw: nothing was measured.</p>`;
  const { item, judgement } = entry;
  const metric = mainMetric(judgement);
  const caption = `Paper and here, row by row: ${metricFacts[metric].name}. Error bars are 95 % intervals over seeds, where there are two or more.`;
  return figureOf(site, figure, { page: path, name: "rows", title: `${item.title}: paper and here, row by row; the table above has the numbers`, caption, measured: isMeasured(metric) });
}

/** What of the published tables does not add up. */
function doubtsOf({ item }: SiteItem): Markup | false {
  const notes = item.published.flatMap(({ title, notes: all }) => all.map((note) => ({ title, note })));
  const rows = item.published.flatMap(({ title, rows: all }) => Object.values(all).flatMap(({ label, note }) => (note === undefined ? [] : [{ title: `${title}, ${label}`, note }])));
  const list = [...notes, ...rows];
  return list.length > 0 && markup`<h2 id="doubts">What does not add up in the paper</h2><ul>${list.map(({ title, note }) => markup`<li>${title}: ${note}</li>`)}</ul>`;
}

function notebookOf({ notebook, item }: SiteItem, path: string): Markup {
  if (notebook === undefined) return markup`<p class="quiet">No executed copy of <code>${item.notebook}</code> belongs to this report.</p>`;
  return markup`<p><a href="${linkFrom(path, notebook)}">The executed notebook</a>, with code and output (<code>${item.notebook}</code>).</p>`;
}
