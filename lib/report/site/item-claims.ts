import type { ClaimVerdict } from "../../papers/judgement.ts";
import type { Claim, Item } from "../../papers/item.ts";
import { differenceText, metricFacts } from "../../papers/metrics.ts";
import { dataTable } from "./data-table.ts";
import { markup, measured } from "./markup.ts";
import type { Content, Markup } from "./markup.ts";
import { differenceCell, isMeasured } from "./numbers.ts";
import type { SiteItem } from "./types.ts";
import { badge } from "./verdicts.ts";

/** Each claim with its verdict, why, and what was compared. */
export function claimsOf({ item, judgement: { claims } }: SiteItem): Content {
  if (claims.length === 0) return markup`<p class="quiet">The paper states nothing with it that could be tested.</p>`;
  return claims.map((claim) => claimOf(item, claim));
}

function claimOf(item: Item, verdict: ClaimVerdict): Markup {
  const { claim, comparisons } = verdict;
  return markup`<section class="claim" id="claim-${claim.id}"><h3>${claim.text}</h3><p>${badge(verdict.verdict)} <span class="quiet">${claim.source}</span></p><p class="why">${reasonOf(verdict)}</p>${comparisons.length > 0 && comparisonsOf(item, claim, comparisons)}</section>`;
}

/** Why a claim has its verdict. */
export function reasonOf({ claim, why }: Pick<ClaimVerdict, "claim" | "why">): Content {
  return isMeasured(claim.metric) ? measured(why) : why;
}

function comparisonsOf(item: Item, { metric }: Claim, comparisons: ClaimVerdict["comparisons"]): Markup {
  const label = (id: string) => item.rows.find((row) => row.id === id)?.label ?? id;
  const { name, unit } = metricFacts[metric];
  const own = (content: Content) => (isMeasured(metric) ? measured(content) : content);
  return dataTable([
    { heading: "said to be better", header: true, cell: ({ better }) => label(better) },
    { heading: "than", cell: ({ worse }) => label(worse) },
    { heading: "by, here", ...(unit !== undefined && { unit }), align: "right", cell: ({ difference }) => differenceCell(difference, metric) },
    { heading: "seed by seed", align: "right", cell: ({ difference: { values } }) => own(markup`<span class="marked">${values.map((value) => differenceText(metric, value)).join("  ")}</span>`) },
    { heading: "p", align: "right", cell: ({ p }) => own(probability(p)) },
    { heading: "p, corrected", align: "right", cell: ({ adjusted }) => own(probability(adjusted)) },
  ], comparisons, { caption: `What was compared: ${name}` });
}

function probability(value: number): string {
  if (Number.isNaN(value)) return "–";
  return value < 0.0001 ? "< 0.0001" : String(Number(value.toPrecision(2)));
}
