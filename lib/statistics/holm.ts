/** What Holm's correction makes of one p-value: p times a factor, made monotone and at most 1. */
export interface Corrected {
  readonly adjusted: number;
  /** How many tests were still counted at its place: m for the smallest p, 1 for the largest. */
  readonly factor: number;
}

/**
 * Holm's step-down correction (Scandinavian Journal of Statistics 6, 1979): the smallest of m p-values times m, the next times
 * m − 1, and so on. Calling those of at most α significant makes any false call at most α likely, whatever hangs together
 * among the tests.
 * @throws RangeError for values outside [0, 1]
 */
export function holm(ps: readonly number[]): Corrected[] {
  const corrected = new Array<Corrected>(ps.length);
  let highest = 0;
  for (const [rank, at] of inOrder(ps).entries()) {
    const factor = ps.length - rank;
    highest = Math.max(highest, Math.min(1, factor * ps[at]));
    corrected[at] = { adjusted: highest, factor };
  }
  return corrected;
}

function inOrder(ps: readonly number[]): number[] {
  const bad = ps.find((p) => !(p >= 0 && p <= 1));
  if (bad !== undefined) throw new RangeError(`p-values lie from 0 to 1, received ${bad}`);
  return ps.map((_, i) => i).sort((a, b) => ps[a] - ps[b] || a - b);
}
