import type { Random } from "../tensor/random.ts";

export interface EntropyOptions {
  /**
   * A histogram of few samples has too low an entropy. `millerMadow` (default; Miller 1955) adds (filled bins − 1) / (2n) nats,
   * the first term of that bias; `none` is the plain −Σ p·ln p.
   */
  readonly correction?: "millerMadow" | "none";
  /** Base of the logarithm. Default 2: bits. */
  readonly logBase?: 2 | "e";
}

/** @throws RangeError for an option outside its values */
export function checkEntropy({ correction = "millerMadow", logBase = 2 }: EntropyOptions): void {
  if (correction !== "millerMadow" && correction !== "none") throw new RangeError(`the entropy's correction is ${JSON.stringify(correction)}; allowed: "millerMadow", "none"`);
  if (logBase !== 2 && logBase !== "e") throw new RangeError(`the entropy's logBase is ${JSON.stringify(logBase)}; allowed: 2, "e"`);
}

/** Nats per unit of a logarithm. */
export const natsPer = (logBase: 2 | "e") => (logBase === 2 ? Math.LN2 : 1);

/** Entropy of a histogram's distribution; NaN without samples. */
export function histogramEntropy(counts: ArrayLike<number>, options: EntropyOptions = {}): number {
  checkEntropy(options);
  const { correction = "millerMadow", logBase = 2 } = options;
  let [n, filled, sum] = [0, 0, 0];
  for (const count of Array.from(counts)) {
    if (count === 0) continue;
    n += count;
    filled++;
    sum += count * Math.log(count);
  }
  if (n === 0) return NaN;
  const bias = correction === "millerMadow" ? (filled - 1) / (2 * n) : 0;
  return (Math.log(n) - sum / n + bias) / natsPer(logBase);
}

/** A histogram of n of the samples, drawn without putting back. */
export function sampleHistogram(counts: ArrayLike<number>, n: number, stream: Random): Float64Array {
  let left = Array.from(counts).reduce((a, b) => a + b, 0);
  if (n > left) throw new RangeError(`${n} samples are asked of a histogram of ${left}`);
  const drawn = new Float64Array(counts.length);
  let wanted = n;
  for (let bin = 0; bin < counts.length && wanted > 0; bin++) {
    for (let i = 0; i < counts[bin]; i++, left--) {
      if (stream.next() * left < wanted) {
        drawn[bin]++;
        wanted--;
      }
    }
  }
  return drawn;
}
