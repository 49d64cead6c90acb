import type { PaperId, Verdict } from "../../papers/item.ts";
import { verdictLevels } from "../../papers/verdict-rules.ts";
import { markup, type Markup } from "./markup.ts";

/** What each verdict says, best first. */
export const verdictMeanings: Readonly<Record<Verdict, string>> = {
  "reproduced in direction": "The effect that the paper states shows here with the same sign, and is larger than the noise between seeds and than 0.3 points of AP. Its size need not agree.",
  "within noise": "What was measured is smaller than the noise between seeds, or than 0.3 points of AP: it speaks neither for the paper nor against it.",
  contradicted: "The opposite of what the paper states, and more than noise.",
  "not testable at this profile": "This profile cannot decide it: too few seeds, networks or images of another kind, or a number that only the paper's own scale can have.",
  "not run": "Nothing was trained for it here, or what was trained failed.",
};

export const verdicts = Object.keys(verdictMeanings) as readonly Verdict[];

/** Told apart without colours, too. */
const signs: Readonly<Record<Verdict, string>> = { "reproduced in direction": "✓", "within noise": "≈", contradicted: "✗", "not testable at this profile": "–", "not run": "○" };

export const paperNames: Readonly<Record<PaperId, { readonly short: string; readonly title: string }>> = {
  sssd: { short: "SSSD", title: "Smooth and Stepwise Self-Distillation for Object Detection (arXiv 2303.05015, 2023)" },
  frs: { short: "FRS", title: "Distilling Object Detectors with Feature Richness (NeurIPS 2021)" },
  "shared-kd": { short: "Shared-KD", title: "Shared Knowledge Distillation Network for Object Detection (Electronics 13(8):1595, 2024)" },
};

export const papers = Object.keys(paperNames) as readonly PaperId[];

/** A verdict's name in attributes and style sheets. */
export function verdictKey(verdict: Verdict): string {
  return verdict.replaceAll(" ", "-");
}

export function badge(verdict: Verdict): Markup {
  return markup`<span class="verdict ${verdictKey(verdict)}"><span aria-hidden="true">${signs[verdict]}</span> ${verdict}</span>`;
}

/** How many have each verdict. */
export function countVerdicts(list: readonly { readonly verdict: Verdict }[]): Readonly<Record<Verdict, number>> {
  return Object.fromEntries(verdicts.map((verdict) => [verdict, list.filter((one) => one.verdict === verdict).length])) as Record<Verdict, number>;
}

/** "Of 12 claims, 3 are reproduced in direction, 0 contradicted, …", every verdict named, whatever its number. */
export function countSentence(list: readonly { readonly verdict: Verdict }[], what: string): string {
  const counts = countVerdicts(list);
  const parts = verdicts.map((verdict) => `${counts[verdict]} ${verdict}`);
  return `Of ${list.length} ${what}: ${parts.slice(0, -1).join(", ")} and ${parts.at(-1)}.`;
}

/** Why nothing can have been tested, once for all claims. */
export function tooFew({ seeds }: { readonly seeds: readonly number[] }): string | undefined {
  const { leastSeeds } = verdictLevels;
  if (seeds.length === 0 || seeds.length >= leastSeeds) return undefined;
  return `With ${seeds.length === 1 ? "one seed" : `${seeds.length} seeds`} nothing is tested, whatever the numbers are: give --seeds ${leastSeeds} or more. What is trained already is not trained again.`;
}
