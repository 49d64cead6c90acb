import { checkValues } from "./mean.ts";

/** Pairs beyond which the 2^n flips are too many to go through. */
export const mostSignFlips = 20;

export interface SignFlip {
  /** That the mean is above 0. */
  readonly above: number;
  /** That it is below 0. */
  readonly below: number;
  readonly twoSided: number;
}

/**
 * Exact sign-flip (paired permutation) test: under the null hypothesis each difference is as likely as its negative, so p is the
 * share of the 2^n flips whose mean is at least as extreme as the one seen. It assumes symmetry alone, and cannot go below
 * `leastSignFlip(n)`.
 * @throws RangeError for no values, more than 20, and values that are not finite
 */
export function signFlipTest(differences: readonly number[]): SignFlip {
  checkValues("a sign-flip test", differences, 1);
  if (differences.length > mostSignFlips) throw new RangeError(`the exact sign-flip test takes up to ${mostSignFlips} pairs, received ${differences.length}. Use Student's test`);
  const seen = differences.reduce((sum, value) => sum + value, 0);
  // Sums of the same numbers in another order differ in their last bits.
  const slack = 1e-12 * differences.reduce((sum, value) => sum + Math.abs(value), 0);
  const flips = 2 ** differences.length;
  let above = 0, below = 0;
  for (let flip = 0; flip < flips; flip++) {
    let sum = 0;
    for (let i = 0; i < differences.length; i++) sum += (flip >> i) & 1 ? -differences[i] : differences[i];
    if (sum >= seen - slack) above++;
    if (sum <= seen + slack) below++;
  }
  return { above: above / flips, below: below / flips, twoSided: Math.min(1, (2 * Math.min(above, below)) / flips) };
}

/** The smallest p that n pairs can give: 2^−n one-sided, 2^(1−n) two-sided. */
export function leastSignFlip(pairs: number, sides: 1 | 2 = 2): number {
  return Math.min(1, sides * 2 ** -pairs);
}
