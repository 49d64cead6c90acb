import { silences } from "../../papers/silences/index.ts";
import type { Silence, SilenceKind } from "../../papers/silences/index.ts";
import { dataTable } from "./data-table.ts";
import { markup } from "./markup.ts";
import type { Markup } from "./markup.ts";
import { pageOf } from "./page.ts";
import { places } from "./places.ts";
import type { Site, SitePage } from "./types.ts";
import { paperNames, papers } from "./verdicts.ts";

const kinds: Readonly<Record<SilenceKind, string>> = { silent: "not said", contradiction: "contradiction", lost: "text lost", code: "code differs", here: "this kit differs" };

const sections = ["all", ...papers] as const;

/** Paper, official code, this kit: every place where they are not one. */
export function differencesPage(site: Pick<Site, "profile" | "writtenAt">): SitePage {
  const body = markup`
<p class="lead">${silences.length} places where a paper leaves open what to do or contradicts itself, or its official code does otherwise; what was chosen here, and the option that chooses otherwise.</p>
<p>Options are entries of a training's configuration file (<code>potstill train</code>), or flags of <code>potstill reproduce</code>.</p>
<ul>${sections.map((paper) => markup`<li><a href="#${paper}">${titleOf(paper)}</a>: ${of(paper).length}</li>`)}</ul>
${sections.map((paper) => markup`<h2 id="${paper}">${titleOf(paper)}</h2>${tableOf(of(paper))}`)}`;
  return pageOf(site, { path: places.differences, title: "Paper, official code, this kit", body });
}

const of = (paper: (typeof sections)[number]) => silences.filter((silence) => silence.paper === paper);
const titleOf = (paper: (typeof sections)[number]) => (paper === "all" ? "All three papers" : paperNames[paper].title);

function tableOf(list: readonly Silence[]): Markup {
  return dataTable([
    { heading: "about", header: true, cell: ({ topic, kind }) => markup`${topic}<br><span class="quiet">${kinds[kind]}</span>` },
    { heading: "the paper", cell: ({ says }) => says },
    { heading: "the official code", cell: ({ code }) => code ?? "–" },
    { heading: "this kit", cell: ({ here, otherwise }) => [here, otherwise !== undefined && markup` <span class="why">Otherwise: <code>${otherwise}</code></span>`] },
  ], list, { cards: true, even: true, attributes: ({ paper, id }) => ({ id: `${paper}-${id}` }) });
}
