import type { Claim, Item, ItemRow, Metric, PublishedCells, Verdict } from "./item.ts";
import type { Profile } from "./sssd.ts";

/** Values over seeds in a metric's unit. */
export interface Summary {
  /** In the order of the seeds. */
  readonly values: readonly number[];
  readonly mean: number;
  /** Sample standard deviation; of two values or more. */
  readonly deviation?: number;
  /** 95 % Student interval of the mean over seeds; of two values or more. */
  readonly interval?: readonly [low: number, high: number];
}

/** One row of an item: what the paper has, what was measured, and what that comes to. */
export interface RowVerdict {
  readonly row: ItemRow;
  /** Of all tables that the row stands for; where two print different numbers, the first one's. */
  readonly published: PublishedCells;
  /** The metric that the verdict is about. */
  readonly metric: Metric;
  readonly here: Readonly<Partial<Record<Metric, Summary>>>;
  /** Seeds of `here`, ascending. */
  readonly seeds: readonly number[];
  /** The row less `row.against`, seed by seed, in `metric`. */
  readonly difference?: Summary;
  /** The paper's difference, as the range that its cells leave; one number twice where they are printed. */
  readonly paperDifference?: readonly [low: number, high: number];
  /** AP of the run that taught it; of rows with a teacher among the item's rows. */
  readonly teacherAP?: number;
  /** Two-sided p of the difference, and after Holm's correction over the item's tested rows. */
  readonly p?: number;
  readonly adjusted?: number;
  readonly verdict: Verdict;
  /** One plain sentence with the numbers. */
  readonly why: string;
  /** What went wrong at some seed. */
  readonly problem?: string;
}

/** Two rows held against each other, seed by seed. */
export interface Comparison {
  /** Ids of rows: the claimed better one, and the other; of a trend, its ends. */
  readonly better: string;
  readonly worse: string;
  /** better − worse. */
  readonly difference: Summary;
  /** Two-sided: Student's test of the differences; of a trend, the exact permutation test over all its rows. */
  readonly p: number;
  /** p times the factor that Holm's correction over the item's claims gave to this claim; at most 1. */
  readonly adjusted: number;
  /** Two-sided p of the exact sign-flip test, which assumes no normal differences but cannot go below 2^(1−n); up to 20 pairs. */
  readonly signFlip?: number;
}

export interface ClaimVerdict {
  readonly claim: Claim;
  readonly verdict: Verdict;
  /** One plain sentence with the numbers. */
  readonly why: string;
  readonly comparisons: readonly Comparison[];
  /** Two-sided p of the claim as a whole, and after Holm's correction; absent where it was not tested. */
  readonly p?: number;
  readonly adjusted?: number;
}

/** What an item's runs say of its rows and claims. */
export interface Judgement {
  readonly item: Item;
  readonly profile: Profile;
  /** Every seed that rows other than teachers were trained with, ascending. */
  readonly seeds: readonly number[];
  readonly rows: readonly RowVerdict[];
  readonly claims: readonly ClaimVerdict[];
  /** Name of the data that it is about. */
  readonly data?: string;
  /** What stands beneath every table: profile, seeds, data, intervals, multiplicity. */
  readonly note: string;
}
