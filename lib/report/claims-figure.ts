import type { Verdict } from "../papers/item.ts";
import type { ClaimVerdict, Comparison, Judgement } from "../papers/judgement.ts";
import { differenceText, metricFacts, pText } from "../papers/metrics.ts";
import { verdictLevels } from "../papers/verdict-rules.ts";
import { axisLayout, baseLayout } from "./figures.ts";
import type { Figure, PlotlyObject } from "./figures.ts";
import { escapeHtml } from "./html.ts";
import { NEUTRAL, colour, withOpacity } from "./palette.ts";
import { intervalBars, panelLegend } from "./two-panels.ts";

/** Colour and shape by verdict, so that either alone tells them apart. */
const looks = {
  "reproduced in direction": { color: colour(2), symbol: "circle" },
  "within noise": { color: NEUTRAL, symbol: "diamond-open" },
  contradicted: { color: colour(1), symbol: "x" },
} as const satisfies Partial<Record<Verdict, object>>;
type Tested = keyof typeof looks;
const tested = Object.keys(looks) as Tested[];

/** A comparison on its line, from the top. */
interface Placed {
  readonly claim: ClaimVerdict;
  readonly comparison: Comparison;
  readonly y: number;
  /** The claim's where the comparison decides it; else it is told apart from nothing. */
  readonly verdict: Tested;
  /** Which one it is, where a claim has several. */
  readonly which?: string;
}

interface Heading {
  readonly text: string;
  readonly y: number;
}

export interface ClaimsFigureOptions {
  readonly title?: string;
}

/**
 * What held and what did not: every claim about average precision that was tested, as the difference in points of which the
 * paper says that it is positive, with its 95 % Student interval and the single seeds. A claim of several steps has a point for each.
 */
export function claimsFigure(judgements: readonly Judgement[], { title = "What held, and what did not" }: ClaimsFigureOptions = {}): Figure {
  const { placed, headings, bottom } = place(judgements);
  return {
    data: [...tested.flatMap((verdict) => verdictTrace(placed, verdict)), ...seedTrace(placed)],
    layout: {
      ...baseLayout(escapeHtml(title)),
      height: 150 + 36 * (bottom + 1),
      margin: { l: 330, r: 24, t: title === "" ? 20 : 70, b: 84 },
      xaxis: { ...axisLayout({ label: "by how much it is better here", unit: "points" }), zeroline: true, zerolinewidth: 2 },
      yaxis: { ...axisLayout({ label: "" }), tickmode: "array", range: [bottom + 0.7, -0.7], zeroline: false, showgrid: false, ...ticks(placed) },
      shapes: [{ type: "rect", layer: "below", xref: "x", yref: "paper", x0: -verdictLevels.repeatNoise, x1: verdictLevels.repeatNoise, y0: 0, y1: 1, line: { width: 0 }, fillcolor: withOpacity(NEUTRAL, 0.18) }],
      annotations: [...headings.map(headingText), ...placed.flatMap(whichText)],
      legend: panelLegend,
    },
  };
}

/** Whether there is anything to draw. */
export function hasTestedClaims(judgements: readonly Judgement[]): boolean {
  return judgements.some(({ claims }) => claims.some(isDrawn));
}

const isDrawn = ({ claim, verdict, comparisons }: ClaimVerdict) => Object.hasOwn(looks, verdict) && metricFacts[claim.metric].precision && comparisons.length > 0;

/** Steps of one claim lie closer to each other than claims do, and each item has a line for its heading. */
function place(judgements: readonly Judgement[]): { readonly placed: readonly Placed[]; readonly headings: readonly Heading[]; readonly bottom: number } {
  const [placed, headings]: [Placed[], Heading[]] = [[], []];
  let y = -1;
  for (const { item, claims } of judgements) {
    const drawn = claims.filter(isDrawn);
    if (drawn.length > 0) headings.push({ text: item.title, y: (y += 1.2) });
    for (const claim of drawn) {
      y += 0.45;
      for (const comparison of claim.comparisons) placed.push({ claim, comparison, y: (y += 0.55), verdict: verdictOf(claim, comparison), ...(claim.comparisons.length > 1 && { which: whichOf(item, claim.comparisons, comparison) }) });
    }
  }
  return { placed, headings, bottom: y };
}

/** "than TP" where the better row is the same in all, else both. */
function whichOf({ rows }: Judgement["item"], all: readonly Comparison[], { better, worse }: Comparison): string {
  const label = (id: string) => rows.find((row) => row.id === id)?.label ?? id;
  return all.every((other) => other.better === better) ? `than ${label(worse)}` : `${label(better)} than ${label(worse)}`;
}

/** Of a claim that several comparisons test those decide it that are told apart by themselves; all where none is. */
function verdictOf({ verdict, comparisons }: ClaimVerdict, comparison: Comparison): Tested {
  const decides = ({ adjusted }: Comparison) => adjusted <= verdictLevels.alpha;
  return comparisons.some(decides) && !decides(comparison) ? "within noise" : (verdict as Tested);
}

const whichText = ({ which, y }: Placed): PlotlyObject[] => (which === undefined ? [] : [{ text: escapeHtml(which), showarrow: false, xref: "paper", yref: "y", x: 1, y, xanchor: "right", font: { size: 10, color: NEUTRAL } }]);

/** A claim is named once, at the middle of its steps. */
function ticks(placed: readonly Placed[]): PlotlyObject {
  const claims = [...new Set(placed.map(({ claim }) => claim))];
  const middle = (claim: ClaimVerdict) => {
    const own = placed.filter((one) => one.claim === claim).map(({ y }) => y);
    return (own[0] + own.at(-1)!) / 2;
  };
  return { tickvals: claims.map(middle), ticktext: claims.map(({ claim: { text } }) => wrapped(text)), tickfont: { size: 12 } };
}

/** Letters of a line beside the axis. */
const lineLength = 52;

function wrapped(text: string): string {
  const lines = [""];
  for (const word of text.split(" ")) {
    if (lines.at(-1) !== "" && `${lines.at(-1)} ${word}`.length > lineLength) lines.push(word);
    else lines[lines.length - 1] = `${lines.at(-1)} ${word}`.trim();
  }
  return lines.map(escapeHtml).join("<br>");
}

const headingText = ({ text, y }: Heading): PlotlyObject => ({ text: `<b>${escapeHtml(text)}</b>`, showarrow: false, xref: "paper", yref: "y", x: 0, y, xanchor: "left", xshift: -322, font: { size: 13 } });

function verdictTrace(placed: readonly Placed[], verdict: Tested): PlotlyObject[] {
  const own = placed.filter((one) => one.verdict === verdict);
  if (own.length === 0) return [];
  const { color, symbol } = looks[verdict];
  const summaries = own.map(({ comparison }) => comparison.difference);
  return [{
    type: "scatter", mode: "markers", name: verdict, x: summaries.map(({ mean }) => mean), y: own.map(({ y }) => y),
    marker: { color, symbol, size: 11, line: { color, width: 2 } }, error_x: intervalBars(summaries, color),
    text: own.map(hoverText), hovertemplate: "%{text}<extra></extra>",
  }];
}

function hoverText({ claim: { claim, verdict }, comparison: { difference: { mean, values }, adjusted } }: Placed): string {
  return `${wrapped(claim.text)}<br>${differenceText(claim.metric, mean)} points over ${values.length} seeds, ${pText(adjusted)} (corrected)<br>${verdict}`;
}

function seedTrace(placed: readonly Placed[]): PlotlyObject[] {
  const points = placed.flatMap(({ comparison: { difference: { values } }, y }) => (values.length < 2 ? [] : values.map((value) => ({ value, y: y + 0.2 }))));
  if (points.length === 0) return [];
  return [{
    type: "scatter", mode: "markers", name: "single seeds", x: points.map(({ value }) => value), y: points.map(({ y }) => y),
    marker: { color: withOpacity(NEUTRAL, 0.6), size: 5 }, hovertemplate: "one seed: %{x:.2f}<extra></extra>",
  }];
}
