import type { ClaimVerdict } from "../../papers/judgement.ts";
import { claimsFigure, hasTestedClaims } from "../claims-figure.ts";
import { dataTable } from "./data-table.ts";
import { figureOf } from "./figure.ts";
import { verdictRules } from "../../papers/verdict-rules.ts";
import { reasonOf } from "./item-claims.ts";
import { dataName } from "./item-page.ts";
import { markup } from "./markup.ts";
import type { Content, Markup } from "./markup.ts";
import { seedsText } from "./numbers.ts";
import { pageOf } from "./page.ts";
import { linkFrom, places } from "./places.ts";
import { trainedByText } from "./trained-by.ts";
import type { Site, SiteItem, SitePage } from "./types.ts";
import { badge, countSentence, countVerdicts, paperNames, papers, tooFew, verdictKey, verdictMeanings, verdicts } from "./verdicts.ts";

/** What was run, every claim with its verdict, every item. */
export async function indexPage(site: Site): Promise<SitePage> {
  const claims = site.items.flatMap((entry) => entry.judgement.claims.map((claim) => ({ entry, claim })));
  const rows = site.items.flatMap(({ judgement }) => judgement.rows);
  const body = markup`
<p class="lead">${countSentence(claims.map(({ claim }) => claim), "claims of three papers")}</p>
${tooFew(site) && markup`<p>${tooFew(site)}</p>`}
<h2 id="run">What was run</h2>
${factsOf(site)}
<p class="quiet">${countSentence(rows, "rows of tables and figures")}</p>
${await heldOf(site)}
<h2 id="verdicts">What the verdicts mean</h2>
<dl class="facts">${verdicts.map((verdict) => markup`<dt>${badge(verdict)}</dt><dd>${verdictMeanings[verdict]}</dd>`)}</dl>
<details><summary>How verdicts are reached</summary><ul>${verdictRules.map((rule) => markup`<li>${rule}</li>`)}</ul></details>
<h2 id="items">Tables and figures</h2>
${papers.map((paper) => itemsOf(site, paper))}
<h2 id="claims">Claims</h2>
${filter()}
${claimsTable(claims)}
<h2 id="more">More</h2>
<ul><li><a href="${linkFrom(places.index, places.differences)}">Where the papers are silent, contradict themselves, or the official code does otherwise</a>, and what was chosen here.</li>
<li><a href="${linkFrom(places.index, places.trainings)}">All ${site.runs.length} trainings</a>, with loss curves, shares, learning rates, AP over time, and detections.</li>
<li><a href="${linkFrom(places.index, places.results)}">Every number and verdict as data</a> (JSON).</li></ul>`;
  return pageOf(site, { path: places.index, title: "Three papers: claims and verdicts", body });
}

function factsOf({ profile, data, seeds, environment, runs, items, code }: Site): Markup {
  const facts: readonly (readonly [string, Content])[] = [
    ["Profile", profile],
    ["Data", dataName(data)],
    ["Seeds", seedsText(seeds)],
    ["Items", `${items.filter(({ asked }) => asked).length} of ${items.length} run`],
    ["Trainings", runs.length],
    ["Code", code.length === 0 ? "–" : `${code.length === 1 ? "" : `the trainings come from ${code.length} states of the code: `}${code.map(trainedByText).join("; ")}`],
    ["Device", `${environment.deviceName} (${environment.device === "cuda" ? "GPU" : "CPU"})`],
    ["Software", `${environment.name === "tensorflow" ? "TensorFlow" : `TensorFlow.js ${environment.name}`} ${environment.tensorflowVersion}, TensorFlow.js ${environment.tfjsVersion}, Node ${environment.nodeVersion}, ${environment.platform}`],
  ];
  return markup`<dl class="facts">${facts.map(([name, value]) => markup`<dt>${name}</dt><dd>${value}</dd>`)}</dl>`;
}

/** The claims that were tested, as a figure. */
async function heldOf(site: Site): Promise<Content> {
  const judgements = site.items.map(({ judgement }) => judgement);
  if (!hasTestedClaims(judgements)) return false;
  const figure = await figureOf(site, claimsFigure(judgements, { title: "" }), {
    page: places.index, name: "claims", title: "What held and what did not: the claims that were tested, with their differences; the table below has the reasons",
    caption: "The differences that the papers claim to be positive (of “at least”: no less than zero), with 95 % intervals over seeds, before the correction for several claims that verdicts have. In the shaded band lies less than the 0.3 points by which repeated runs differ.",
  });
  return markup`<h2 id="held">What held, and what did not</h2>${figure}`;
}

/** Boxes that style sheets read: rows go and come without scripts. */
function filter(): Markup {
  const box = (id: string, name: string) => markup`<label><input type="checkbox" id="${id}" checked autocomplete="off"> ${name}</label>`;
  return markup`<form class="filter" aria-label="Which claims are shown"><fieldset><legend>Paper</legend>${papers.map((paper) => box(`paper-${paper}`, paperNames[paper].short))}</fieldset><fieldset><legend>Verdict</legend>${verdicts.map((verdict) => box(`verdict-${verdictKey(verdict)}`, verdict))}</fieldset></form>`;
}

function claimsTable(claims: readonly { readonly entry: SiteItem; readonly claim: ClaimVerdict }[]): Markup {
  return dataTable([
    { heading: "claim", header: true, cell: ({ entry: { item }, claim: { claim: { id, text } } }) => markup`<a href="${linkFrom(places.index, `${places.item(item.id)}#claim-${id}`)}">${text}</a>` },
    { heading: "where", cell: ({ claim: { claim: { source } } }) => markup`<span class="quiet">${source}</span>` },
    { heading: "verdict", cell: ({ claim: { verdict } }) => badge(verdict) },
    { heading: "why", cell: ({ claim }) => markup`<span class="why">${reasonOf(claim)}</span>` },
  ], claims, {
    caption: "Every claim of the three papers that can be tested", cards: true,
    attributes: ({ entry: { item }, claim: { verdict } }) => ({ "data-paper": item.paper, "data-verdict": verdictKey(verdict) }),
  });
}

function itemsOf({ items }: Site, paper: (typeof papers)[number]): Content {
  const own = items.filter(({ item }) => item.paper === paper);
  if (own.length === 0) return false;
  return markup`<h3>${paperNames[paper].title}</h3>${dataTable([
    { heading: "item", header: true, cell: ({ item }) => [markup`<a href="${linkFrom(places.index, places.item(item.id))}">${item.title}</a>`, item.label && markup` <span class="label">${item.label}</span>`] },
    { heading: "what it claims", cell: ({ item }) => item.claim },
    { heading: "its rows", cell: rowCounts },
    { heading: "notebook", cell: ({ notebook }) => (notebook === undefined ? "–" : markup`<a href="${linkFrom(places.index, notebook)}">executed</a>`) },
  ], own, { cards: true })}`;
}

function rowCounts({ judgement: { rows }, asked }: SiteItem): Content {
  if (!asked) return badge("not run");
  const counts = countVerdicts(rows);
  return verdicts.filter((verdict) => counts[verdict] > 0).map((verdict) => markup`<span class="count">${counts[verdict]} ${badge(verdict)}</span> `);
}
