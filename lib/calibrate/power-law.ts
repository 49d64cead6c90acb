/** y = factor · x^exponent. */
export interface PowerLaw {
  readonly exponent: number;
  readonly factor: number;
  readonly at: (x: number) => number;
}

/**
 * Least squares on logarithms.
 * @param x at least two different positive values
 * @param y positive
 * @throws RangeError for anything else
 */
export function powerLaw(x: readonly number[], y: readonly number[]): PowerLaw {
  if (x.length !== y.length || new Set(x).size < 2) throw new RangeError(`a power law needs pairs at two or more different x, received x = [${x.join(", ")}], y = [${y.join(", ")}]`);
  if ([...x, ...y].some((value) => !(value > 0 && Number.isFinite(value)))) throw new RangeError(`a power law needs positive finite values, received x = [${x.join(", ")}], y = [${y.join(", ")}]`);
  const lx = x.map(Math.log), ly = y.map(Math.log);
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [mx, my] = [mean(lx), mean(ly)];
  const sxy = lx.reduce((sum, value, i) => sum + (value - mx) * (ly[i] - my), 0);
  const sxx = lx.reduce((sum, value) => sum + (value - mx) ** 2, 0);
  const exponent = sxy / sxx;
  const factor = Math.exp(my - exponent * mx);
  return { exponent, factor, at: (value) => factor * value ** exponent };
}
