import { checkValues, deviation, mean } from "./mean.ts";

/**
 * P(|T| ≤ |t|) of Student's distribution with a whole number ν of degrees of freedom, by its finite series in θ = arctan(t/√ν)
 * (Abramowitz and Stegun, "Handbook of Mathematical Functions", 26.7.3 and 26.7.4). Absolute error about 1e-15.
 * @throws RangeError unless ν is a whole number above 0
 */
export function studentCentral(t: number, freedom: number): number {
  if (!Number.isSafeInteger(freedom) || freedom < 1) throw new RangeError(`Student's distribution needs a whole number of degrees of freedom above 0, received ${freedom}`);
  const theta = Math.atan(Math.abs(t) / Math.sqrt(freedom));
  const [sin, cos] = [Math.sin(theta), Math.cos(theta)];
  const odd = freedom % 2 === 1;
  if (freedom === 1) return (2 * theta) / Math.PI;
  let term = odd ? cos : 1, sum = term;
  for (let k = odd ? 3 : 2; k < freedom; k += 2) {
    term *= (cos * cos * (k - 1)) / k;
    sum += term;
  }
  return Math.min(1, odd ? (2 / Math.PI) * (theta + sin * sum) : sin * sum);
}

/**
 * The t with P(|T| ≤ t) = level, by bisection to the last bit.
 * @throws RangeError for levels outside ]0, 1[
 */
export function studentQuantile(level: number, freedom: number): number {
  if (!(level > 0 && level < 1)) throw new RangeError(`the level of an interval lies between 0 and 1, received ${level}`);
  let low = 0, high = 1;
  while (studentCentral(high, freedom) < level) high *= 2;
  for (let step = 0; step < 200; step++) {
    const middle = (low + high) / 2;
    if (middle === low || middle === high) break;
    if (studentCentral(middle, freedom) < level) low = middle;
    else high = middle;
  }
  return high;
}

/**
 * Student's interval of a mean: x̄ ± t·s/√n. It covers the mean at its level with as few as two values where they are normal;
 * of one value or none there is no interval.
 * @throws RangeError for values that are not finite
 */
export function studentInterval(values: readonly number[], level = 0.95): readonly [low: number, high: number] | undefined {
  checkValues("an interval", values, 0);
  if (values.length < 2) return undefined;
  const half = (studentQuantile(level, values.length - 1) * deviation(values)) / Math.sqrt(values.length);
  return [mean(values) - half, mean(values) + half];
}

export interface StudentTest {
  /** One-sided p that the mean is above the centre. */
  readonly above: number;
  /** That it is below. */
  readonly below: number;
  readonly twoSided: number;
}

/**
 * Student's test of a mean of paired differences against `centre`. Differences that are all the same (to 1e-9 of their size)
 * leave no noise to measure them by: p is then what their signs alone say, 2^−n one-sided, and 1 at the centre.
 * @throws RangeError for fewer than two values and for values that are not finite
 */
export function studentTest(differences: readonly number[], centre = 0): StudentTest {
  checkValues("Student's test", differences, 2);
  const shift = mean(differences) - centre;
  const spread = deviation(differences);
  const size = Math.max(Math.abs(centre), ...differences.map(Math.abs));
  if (spread <= 1e-9 * size) return sides(Math.abs(shift) <= 1e-9 * size ? 1 : 2 ** -differences.length, shift);
  const central = studentCentral(shift / (spread / Math.sqrt(differences.length)), differences.length - 1);
  return sides((1 - central) / 2, shift);
}

function sides(tail: number, shift: number): StudentTest {
  const other = tail === 1 ? 1 : 1 - tail;
  return { above: shift > 0 ? tail : other, below: shift > 0 ? other : tail, twoSided: Math.min(1, 2 * tail) };
}
