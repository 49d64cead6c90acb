import { random } from "../tensor/random.ts";
import { checkValues, mean } from "./mean.ts";
import { normalDistribution, normalQuantile } from "./normal.ts";

export interface BootstrapOptions {
  /** Default 0.95. */
  readonly level?: number;
  /** `percentile`, or `bca`: corrected for bias and acceleration (B. Efron, JASA 82(397), 1987). Default `bca`. */
  readonly method?: "percentile" | "bca";
  /** Default 9,999. */
  readonly resamples?: number;
  /** Default 0. */
  readonly seed?: number;
}

/**
 * Bootstrap interval of a mean, or undefined of fewer than two values.
 *
 * It never reaches beyond the lowest and the highest value, so that of n independent values it covers the mean at most with
 * 1 − 2^(1−n) (75 % of three, 93.75 % of five): with few seeds it is too short, and verdicts rest on `studentInterval`.
 * @throws RangeError for values that are not finite, for levels outside ]0, 1[ and fewer than one resample
 */
export function bootstrapInterval(values: readonly number[], options: BootstrapOptions = {}): readonly [low: number, high: number] | undefined {
  checkValues("a bootstrap", values, 0);
  return values.length < 2 ? undefined : intervalOf(values, resampledMeans(values, options), options);
}

/** Means of resamples drawn with replacement, in the order of the draws. */
export function resampledMeans(values: readonly number[], { resamples = 9_999, seed = 0 }: Pick<BootstrapOptions, "resamples" | "seed"> = {}): Float64Array {
  if (!Number.isSafeInteger(resamples) || resamples < 1) throw new RangeError(`a bootstrap needs a whole number of resamples above 0, received ${resamples}`);
  const { integer } = random(seed, "bootstrap", values.length);
  return Float64Array.from({ length: resamples }, () => {
    let sum = 0;
    for (let i = 0; i < values.length; i++) sum += values[integer(values.length)];
    return sum / values.length;
  });
}

/** The interval that a bootstrap distribution of the mean gives. */
export function intervalOf(values: readonly number[], means: Float64Array, { level = 0.95, method = "bca" }: Pick<BootstrapOptions, "level" | "method"> = {}): readonly [low: number, high: number] {
  if (!(level > 0 && level < 1)) throw new RangeError(`the level of an interval lies between 0 and 1, received ${level}`);
  if (values.every((value) => value === values[0])) return [values[0], values[0]];
  const sorted = means.slice().sort();
  const tail = (1 - level) / 2;
  const [low, high] = method === "percentile" ? [tail, 1 - tail] : correctedTails(values, sorted, tail);
  return [percentile(sorted, low), percentile(sorted, high)];
}

/** BCa: Φ(z₀ + (z₀ + z)/(1 − a(z₀ + z))) with the bias z₀ (ties counted half) and the jackknife's acceleration a. */
function correctedTails(values: readonly number[], sorted: Float64Array, tail: number): readonly [number, number] {
  const centre = mean(values);
  let below = 0, equal = 0;
  for (const value of sorted) {
    if (value < centre) below++;
    else if (value === centre) equal++;
  }
  const bias = normalQuantile((below + equal / 2) / sorted.length);
  const a = acceleration(values);
  const corrected = (z: number) => normalDistribution(bias + (bias + z) / (1 - a * (bias + z)));
  return [corrected(normalQuantile(tail)), corrected(normalQuantile(1 - tail))];
}

/** Σu³ / (6·(Σu²)^1.5); leaving out one value moves the mean by (x̄ − xᵢ)/(n − 1), so that u ∝ xᵢ − x̄. */
function acceleration(values: readonly number[]): number {
  const centre = mean(values);
  const moments = (power: number) => values.reduce((sum, value) => sum + (value - centre) ** power, 0);
  return moments(3) / (6 * moments(2) ** 1.5);
}

/** Linear between the order statistics. */
function percentile(sorted: Float64Array, p: number): number {
  const place = p * (sorted.length - 1);
  const i = Math.min(Math.floor(place), sorted.length - 2);
  return sorted.length === 1 ? sorted[0] : sorted[i] + (place - i) * (sorted[i + 1] - sorted[i]);
}
