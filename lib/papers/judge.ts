import { holm } from "../statistics/holm.ts";
import type { Claim, Item, Metric } from "./item.ts";
import type { ClaimVerdict, Comparison, Judgement, RowVerdict } from "./judgement.ts";
import { notTold, signFlipLimit, testClaim } from "./judge-claim.ts";
import type { ClaimOutcome, ClaimTest } from "./judge-claim.ts";
import { rowVerdict, testRow } from "./judge-row.ts";
import { measurementsOf } from "./measurements.ts";
import { metricFacts, pText } from "./metrics.ts";
import type { JudgedResult } from "./row-result.ts";
import type { Profile } from "./sssd.ts";
import type { Reasoned } from "./testable.ts";
import { verdictLevels } from "./verdict-rules.ts";

export interface JudgeOptions {
  /** Name of the data that the results are about: what was scored on. */
  readonly data?: string;
  /** Whether that is COCO, so that absolute numbers mean the same as the paper's. Default: at the paper profile. */
  readonly coco?: boolean;
}

/**
 * What an item's runs say of its rows and claims; `verdictRules` has the rules in words.
 *
 * Rows are paired by seed and compared by Student's test of their differences, claims and rows each with Holm's correction over
 * all that could be tested. A claim of several comparisons holds when all of them do (its p is the largest) and is contradicted
 * when one is reversed (the smallest, times their number).
 * @throws Error for results of rows that the item does not have, two results of one row and seed, and claims on rows that are not there
 */
export function judge(item: Item, profile: Profile, results: readonly JudgedResult[], { data, coco = profile === "paper" }: JudgeOptions = {}): Judgement {
  const measured = measurementsOf(item, results);
  const comparable = profile === "paper" && coco;
  const claims = correctedClaims(item.claims, item.claims.map((claim) => testClaim(measured, claim, comparable)));
  const rows = correctedRows(item.rows.map((row) => testRow(measured, row, comparable)));
  const seeds = [...new Set(results.filter(({ row }) => row.role !== "teacher").map(({ seed }) => seed))].sort((a, b) => a - b);
  return { item, profile, seeds, rows, claims, ...(data !== undefined && { data }), note: noteOf({ item, profile, seeds, rows, claims }, data) };
}

const isTest = (outcome: ClaimOutcome): outcome is ClaimTest => outcome.comparisons !== undefined;

/** Two-sided p of a claim: of its support and its contradiction the likelier to be called. */
const twoSided = ({ support, against }: ClaimTest) => Math.min(1, 2 * Math.min(support, against));

function correctedClaims(claims: readonly Claim[], outcomes: readonly ClaimOutcome[]): ClaimVerdict[] {
  const tests = outcomes.filter(isTest);
  const corrected = holm(tests.map(twoSided));
  return outcomes.map((outcome, i) => {
    if (!isTest(outcome)) return { claim: claims[i], verdict: outcome.verdict, why: outcome.why, comparisons: [] };
    const { adjusted, factor } = corrected[tests.indexOf(outcome)];
    const comparisons = outcome.comparisons.map((comparison): Comparison => ({ ...comparison, adjusted: Math.min(1, factor * comparison.p) }));
    return { claim: claims[i], ...claimVerdict(outcome, { metric: claims[i].metric, adjusted, tests: tests.length }), comparisons, p: twoSided(outcome), adjusted };
  });
}

function claimVerdict(test: ClaimTest, { metric, adjusted, tests }: { readonly metric: Metric; readonly adjusted: number; readonly tests: number }): Reasoned {
  const { support, against, large, numbers } = test;
  const corrected = `${numbers}${tests === 1 ? "" : ` (${pText(adjusted)} for the claim after Holm's correction over ${tests} tested claims)`}`;
  const supported = support <= against;
  if (adjusted > verdictLevels.alpha) return { verdict: "within noise", why: `${corrected}: ${notTold(twoSided(test), "claims")}.` };
  if (!(supported ? large.support : large.against)) return { verdict: "within noise", why: `${corrected}: less than the ${leastText(metric)}.` };
  return supported ? { verdict: "reproduced in direction", why: `${corrected}: on the claimed side.` } : { verdict: "contradicted", why: `${corrected}: on the other side.` };
}

function leastText(metric: Metric): string {
  const { noise, unit = metricFacts[metric].name } = metricFacts[metric];
  return noise === undefined ? `${verdictLevels.repeatNoise} AP by which repeated runs differ` : `${noise} ${unit} below which nothing is told apart`;
}

function correctedRows(outcomes: readonly ReturnType<typeof testRow>[]): RowVerdict[] {
  const ps = outcomes.flatMap(({ outcome }) => ("p" in outcome ? [outcome.p] : []));
  const corrected = holm(ps)[Symbol.iterator]();
  return outcomes.map(({ known, outcome }) => {
    if (!("p" in outcome)) return { ...known, verdict: outcome.verdict, why: outcome.why };
    const { adjusted } = corrected.next().value!;
    const { p } = outcome;
    return { ...known, p, adjusted, ...rowVerdict(known, { p, adjusted, significant: adjusted <= verdictLevels.alpha }) };
  });
}

const ofProfile: Readonly<Record<Profile, string>> = {
  smoke: "Smoke profile: it proves the pipeline, and reproduces no number of the paper.",
  mini: "Mini profile: a small network on a small set; directions can be held against the paper's, numbers cannot.",
  paper: "Paper profile.",
};

function noteOf({ item, profile, seeds, rows, claims }: Omit<Judgement, "note">, data: string | undefined): string {
  const testedClaims = claims.filter(({ p }) => p !== undefined).length, testedRows = rows.filter(({ p }) => p !== undefined).length;
  const trained = seeds.length === 0 ? "Nothing was run." : seeds.length === 1 ? `One seed (${seeds[0]}): no interval, nothing is tested.` : `Paired seeds: ${seeds.join(", ")}.`;
  return [
    ofProfile[profile],
    item.label === "reconstructed" ? "The method is reconstructed: the paper's equations are not public." : "",
    data === undefined ? "" : `Data: ${data}.`,
    trained,
    seeds.length > 1 ? "In brackets: 95 % Student intervals over seeds." : "",
    testedClaims + testedRows > 0 ? `Holm's correction over ${testedClaims} tested of ${count(claims.length, "claim")}, and over ${testedRows} tested of ${count(rows.length, "row")}.` : "",
    seeds.length >= verdictLevels.leastSeeds ? signFlipLimit(seeds.length) : "",
  ].filter((sentence) => sentence !== "").join(" ");
}

const count = (n: number, noun: string) => `${n} ${n === 1 ? noun : `${noun}s`}`;
