import { leastSignFlip, mostSignFlips, signFlipTest } from "../statistics/sign-flip.ts";
import { studentTest } from "../statistics/student.ts";
import { trendTest } from "../statistics/trend.ts";
import type { Claim, Metric } from "./item.ts";
import type { Comparison, Summary } from "./judgement.ts";
import { differences, summarise } from "./measurements.ts";
import type { Measurements } from "./measurements.ts";
import { differenceText, metricFacts, metricText, pText } from "./metrics.ts";
import { idleTeacher, notTestable, obstacle, unorderedTeachers } from "./testable.ts";
import type { Reasoned } from "./testable.ts";
import { verdictLevels } from "./verdict-rules.ts";

/** A claim that was tested; the verdict waits for the correction over all of them. */
export interface ClaimTest {
  /** One-sided p that the claim holds, and that it is reversed. */
  readonly support: number;
  readonly against: number;
  readonly comparisons: readonly Omit<Comparison, "adjusted">[];
  /** Whether the effect is large enough to be called a difference, on the claimed side and on the other. */
  readonly large: { readonly support: boolean; readonly against: boolean };
  /** The numbers, without a conclusion. */
  readonly numbers: string;
}

export type ClaimOutcome = ClaimTest | (Reasoned & { readonly comparisons?: undefined });

/** Tests a claim, or says why it cannot be. `comparable`: absolute numbers mean the same as the paper's. */
export function testClaim(measured: Measurements, claim: Claim, comparable: boolean): ClaimOutcome {
  const { test, metric } = claim;
  switch (test.kind) {
    case "order":
      return steps(measured, metric, test.rows.slice(1).map((worse, i) => [test.rows[i], worse] as const));
    case "best":
      return steps(measured, metric, test.others.map((other) => [test.row, other] as const));
    case "atLeast":
      return atLeast(measured, metric, [test.better, test.worse]);
    case "trend":
      return trend(measured, metric, test);
    case "within":
      return comparable ? within(measured, metric, test) : notTestable("Absolute numbers mean the same as the paper's on COCO at the paper profile alone.");
  }
}

type Pair = readonly [better: string, worse: string];

function steps(measured: Measurements, metric: Metric, pairs: readonly Pair[]): ClaimOutcome {
  const ids = [...new Set(pairs.flat())];
  const hindered = obstacle(measured, ids, metric) ?? idleTeacher(measured, ids);
  if (hindered) return hindered;
  const all = pairs.map((pair) => compare(measured, metric, pair));
  const { noise } = sense(metric);
  return {
    // The order holds when every step does (an intersection–union test), and is reversed when any step is (Bonferroni).
    support: Math.max(...all.map(({ above }) => above)),
    against: Math.min(1, all.length * Math.min(...all.map(({ below }) => below))),
    comparisons: all.map(({ comparison }) => comparison),
    large: { support: all.every(({ gain }) => gain >= noise), against: mostReversed(all).gain <= -noise },
    numbers: numbersOf(measured, metric, all),
  };
}

const mostReversed = (all: readonly Compared[]) => all.reduce((worst, step) => (step.below < worst.below ? step : worst));

function atLeast(measured: Measurements, metric: Metric, pair: Pair): ClaimOutcome {
  const hindered = obstacle(measured, pair, metric) ?? idleTeacher(measured, pair);
  if (hindered) return hindered;
  const { noise } = sense(metric);
  const compared = compare(measured, metric, pair, -noise);
  const { above, below, gain, comparison } = compared;
  return { support: above, against: below, comparisons: [comparison], large: { support: gain >= 0, against: true }, numbers: numbersOf(measured, metric, [compared]) };
}

interface Compared {
  readonly comparison: Omit<Comparison, "adjusted">;
  /** Mean by which the better row is better. */
  readonly gain: number;
  /** One-sided p that this gain is above, or below, the centre. */
  readonly above: number;
  readonly below: number;
}

/** Sign that makes better values higher ones, and what repeated runs differ by. */
export function sense(metric: Metric): { readonly sign: 1 | -1; readonly noise: number } {
  const { better, precision, noise = 0 } = metricFacts[metric];
  return { sign: better === "higher" ? 1 : -1, noise: precision ? verdictLevels.repeatNoise - 1e-9 : noise };
}

function compare(measured: Measurements, metric: Metric, [better, worse]: Pair, centre = 0): Compared {
  const { values: [a, b] } = measured.paired([better, worse], metric);
  const difference = summarise(differences(a, b));
  const { sign } = sense(metric);
  const gains = difference.values.map((value) => sign * value);
  const { above, below, twoSided } = studentTest(gains, centre);
  const signFlip = gains.length <= mostSignFlips ? signFlipTest(gains.map((gain) => gain - centre)).twoSided : undefined;
  return { comparison: { better, worse, difference, p: twoSided, ...(signFlip !== undefined && { signFlip }) }, gain: sign * difference.mean, above, below };
}

function trend(measured: Measurements, metric: Metric, { rows, direction }: Extract<Claim["test"], { kind: "trend" }>): ClaimOutcome {
  const hindered = obstacle(measured, rows, metric) ?? unorderedTeachers(measured, rows);
  if (hindered) return hindered;
  const { seeds, values } = measured.paired(rows, metric);
  const { rises, falls, twoSided, correlation } = trendTest(seeds.map((_, s) => values.map((column) => column[s])));
  const ends = [rows.at(-1)!, rows[0]] as const;
  const [better, worse] = direction === "rises" ? ends : [ends[1], ends[0]];
  const [last, first] = [values.at(-1)!, values[0]];
  const difference = summarise(direction === "rises" ? differences(last, first) : differences(first, last));
  const { noise } = sense(metric);
  const [support, against] = direction === "rises" ? [rises, falls] : [falls, rises];
  const label = (id: string) => measured.row(id).label;
  return {
    support, against,
    comparisons: [{ better, worse, difference, p: twoSided }],
    large: { support: difference.mean >= noise, against: difference.mean <= -noise },
    numbers: `From ${label(rows[0])} to ${label(rows.at(-1)!)} the mean rank correlation is ${correlation.toFixed(2).replace("-", "−")} over ${seeds.length} seeds, and ${metricFacts[metric].name} goes from ${metricText(metric, summarise(first).mean)} to ${metricText(metric, summarise(last).mean)}; ${pText(twoSided)}, exact`,
  };
}

function within(measured: Measurements, metric: Metric, { row, interval: [low, high] }: Extract<Claim["test"], { kind: "within" }>): ClaimOutcome {
  const hindered = obstacle(measured, [row], metric);
  if (hindered) return hindered;
  const here = summarise(measured.paired([row], metric).values[0]);
  const [fromLow, fromHigh] = [studentTest(here.values, low), studentTest(here.values, high)];
  return {
    support: Math.max(fromLow.above, fromHigh.below),
    against: Math.min(1, 2 * Math.min(fromLow.below, fromHigh.above)),
    comparisons: [],
    large: { support: true, against: true },
    numbers: `${measured.row(row).label}: ${metricText(metric, here.mean)}${intervalText(here, (value) => metricText(metric, value))} over ${here.values.length} seeds, claimed between ${metricText(metric, low)} and ${metricText(metric, high)}`,
  };
}

/** All comparisons up to three; of more, the one that speaks least for the claim. */
function numbersOf(measured: Measurements, metric: Metric, all: readonly Compared[]): string {
  const least = all.reduce((found, step) => (step.above > found.above ? step : found));
  if (all.length > 3) return `Of ${all.length} comparisons the least favourable is ${comparisonText(measured, metric, least.comparison)}`;
  return all.map(({ comparison }) => comparisonText(measured, metric, comparison)).join("; ");
}

function comparisonText(measured: Measurements, metric: Metric, { better, worse, difference, p }: Omit<Comparison, "adjusted">): string {
  return `${measured.row(better).label} less ${measured.row(worse).label}: ${differenceWords(metric, difference)}, ${pText(p)}`;
}

/** `+0.52 AP [−0.31, +1.35] over 5 paired seeds`. */
export function differenceWords(metric: Metric, difference: Summary): string {
  const { name, unit, precision } = metricFacts[metric];
  const what = precision ? name : unit ?? "";
  const seeds = difference.values.length === 1 ? "1 seed" : `${difference.values.length} paired seeds`;
  return `${`${differenceText(metric, difference.mean)} ${what}`.trim()}${intervalText(difference, (value) => differenceText(metric, value))} over ${seeds}`;
}

function intervalText({ interval }: Summary, text: (value: number) => string): string {
  return interval === undefined ? "" : ` [${text(interval[0])}, ${text(interval[1])}]`;
}

/** What few pairs cannot show without assuming more than symmetry; empty from six pairs on. */
export function signFlipLimit(pairs: number): string {
  const least = leastSignFlip(pairs);
  return least <= verdictLevels.alpha ? "" : `With ${pairs} paired seeds an exact sign-flip test cannot go below p = ${least}, so that a verdict rests on normal differences.`;
}

/** Why a difference is not one: by itself, or because it is one of several. */
export function notTold(p: number, among: "claims" | "rows"): string {
  return `not told apart from noise${p <= verdictLevels.alpha ? ` once the other ${among} are counted` : ""}`;
}
