import { expect } from "vitest";

/**
 * Asserts |actual − expected| ≤ absolute + relative·|expected| element by element; NaN is never equal, infinities only
 * to themselves (TensorFlow.js's own helper treats any two non-finite values as equal).
 */
export function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, { relative = 1e-5, absolute = 1e-7 }: { relative?: number; absolute?: number } = {}): void {
  expect(actual.length, "length").toBe(expected.length);
  let worst = -1, at = -1;
  for (let i = 0; i < expected.length; i++) {
    if (actual[i] === expected[i]) continue;
    const excess = Math.abs(actual[i] - expected[i]) / (absolute + relative * Math.abs(expected[i]));
    const measure = Number.isNaN(excess) ? Infinity : excess;
    if (measure > worst) [worst, at] = [measure, i];
  }
  if (worst > 1) expect.fail(`element ${at}: ${actual[at]} instead of ${expected[at]} (${worst.toPrecision(3)} times the tolerance: relative ${relative}, absolute ${absolute})`);
}
