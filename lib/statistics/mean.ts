/** Arithmetic mean; NaN without values. */
export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Sample standard deviation, Σ(x − x̄)² / (n − 1) under the root; NaN with fewer than two values. Equal values give exactly 0. */
export function deviation(values: readonly number[]): number {
  if (values.length < 2) return NaN;
  if (values.every((value) => value === values[0])) return 0;
  const centre = mean(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (values.length - 1));
}

/** @throws RangeError naming what is computed when a value is not finite or there are too few */
export function checkValues(what: string, values: readonly number[], least: number): void {
  if (values.length < least) throw new RangeError(`${what} needs at least ${least} values, received ${values.length}`);
  const bad = values.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) throw new RangeError(`${what} needs finite values; value ${bad} is ${values[bad]}. Leave out what could not be measured`);
}
