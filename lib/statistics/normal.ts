/**
 * Φ, the standard normal distribution function, by the series Φ(x) = ½ + φ(x)·(x + x³/3 + x⁵/(3·5) + …) (G. Marsaglia,
 * "Evaluating the normal distribution", Journal of Statistical Software 11(4), 2004). Absolute error about 1e-15.
 */
export function normalDistribution(x: number): number {
  if (Number.isNaN(x)) return NaN;
  if (Math.abs(x) > 9) return x < 0 ? 0 : 1;
  let sum = x, term = x;
  for (let k = 3; sum + term !== sum || k === 3; k += 2) {
    term *= (x * x) / k;
    sum += term;
  }
  return 0.5 + (sum * Math.exp((-x * x) / 2)) / Math.sqrt(2 * Math.PI);
}

/** Φ⁻¹ by bisection; ±9, beyond which Φ is 0 or 1 here, at the ends. */
export function normalQuantile(p: number): number {
  let low = -9, high = 9;
  for (let step = 0; step < 100; step++) {
    const middle = (low + high) / 2;
    if (normalDistribution(middle) < p) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
