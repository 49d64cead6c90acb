import { checkValues } from "./mean.ts";

/** Beyond so many places along the trend the exact distribution takes too long. */
const most = 12;

export interface Trend {
  /** Page's L = Σ over seeds and places of place · rank. */
  readonly statistic: number;
  /** Exact one-sided p that values rise along the places. */
  readonly rises: number;
  /** That they fall. */
  readonly falls: number;
  readonly twoSided: number;
  /** Spearman's rank correlation with the places, mean over seeds: −1 to 1; 0 where all values of a seed are equal. */
  readonly correlation: number;
}

/**
 * Page's trend test (JASA 58, 1963): Spearman's rank correlation with the places, summed over seeds; exact, since under the
 * null hypothesis every order of a seed's values over the places is equally likely. Ties share their mean rank, and the
 * distribution is that of the ranks as tied.
 * @param values one row per seed, one column per place, in the order in which the trend is claimed
 * @throws RangeError for no seed, for rows of unequal length, fewer than 2 or more than 12 places, values that are not finite
 */
export function trendTest(values: readonly (readonly number[])[]): Trend {
  checkPlaces(values);
  const ranked = values.map(doubledRanks);
  const seen = ranked.reduce((sum, ranks) => sum + weighted(ranks), 0);
  const chances = distribution(ranked);
  const share = (from: number, to: number) => Math.min(1, chances.slice(from, to).reduce((sum, chance) => sum + chance, 0));
  const rises = share(seen, chances.length), falls = share(0, seen + 1);
  const correlation = ranked.reduce((sum, ranks) => sum + spearman(ranks), 0) / values.length;
  return { statistic: seen / 2, rises, falls, twoSided: Math.min(1, 2 * Math.min(rises, falls)), correlation };
}

function checkPlaces(values: readonly (readonly number[])[]): void {
  if (values.length === 0) throw new RangeError("a trend test needs at least one seed, received none");
  const places = values[0].length;
  if (places < 2 || places > most) throw new RangeError(`a trend test takes 2 to ${most} places, received ${places}`);
  if (values.some((row) => row.length !== places)) throw new RangeError(`a trend test needs as many values of every seed, received ${values.map((row) => row.length).join(", ")}`);
  for (const row of values) checkValues("a trend test", row, 2);
}

/** Twice the mean ranks, from 2: whole numbers in spite of ties. */
function doubledRanks(row: readonly number[]): number[] {
  return row.map((value) => {
    const below = row.filter((other) => other < value).length;
    const equal = row.filter((other) => other === value).length;
    return 2 * below + equal + 1;
  });
}

const weighted = (ranks: readonly number[]) => ranks.reduce((sum, rank, i) => sum + (i + 1) * rank, 0);

/** Chance of each value of Σ place · rank over all seeds; seeds with the same ranks up to their order share one distribution. */
function distribution(ranked: readonly (readonly number[])[]): Float64Array {
  const known = new Map<string, Float64Array>();
  const of = (ranks: readonly number[]) => {
    const sorted = [...ranks].sort((a, b) => a - b);
    const key = sorted.join(" ");
    const found = known.get(key) ?? orders(sorted);
    known.set(key, found);
    return found;
  };
  return ranked.map(of).reduce(convolve);
}

/** Chance of each value over the k! orders of the ranks: place by place over the sets of ranks used so far. */
function orders(sorted: readonly number[]): Float64Array {
  const k = sorted.length;
  let sets = new Map([[0, new Map([[0, 1]])]]);
  for (let place = 1; place <= k; place++) {
    const next = new Map<number, Map<number, number>>();
    for (const [used, sums] of sets) {
      for (let i = 0; i < k; i++) {
        if (((used >> i) & 1) === 0) addShifted(entry(next, used | (1 << i)), sums, { shift: place * sorted[i], chance: 1 / (k - place + 1) });
      }
    }
    sets = next;
  }
  const chances = new Float64Array(weighted(sorted) + 1);
  for (const [sum, chance] of sets.get(2 ** k - 1)!) chances[sum] = chance;
  return chances;
}

function entry(sets: Map<number, Map<number, number>>, key: number): Map<number, number> {
  const found = sets.get(key) ?? new Map<number, number>();
  sets.set(key, found);
  return found;
}

function addShifted(into: Map<number, number>, sums: ReadonlyMap<number, number>, { shift, chance }: { shift: number; chance: number }): void {
  for (const [sum, before] of sums) into.set(sum + shift, (into.get(sum + shift) ?? 0) + before * chance);
}

/** Distribution of the sum of two independent statistics. */
function convolve(a: Float64Array, b: Float64Array): Float64Array {
  const sums = new Float64Array(a.length + b.length - 1);
  for (let i = 0; i < a.length; i++) {
    if (a[i] === 0) continue;
    for (let j = 0; j < b.length; j++) sums[i + j] += a[i] * b[j];
  }
  return sums;
}

function spearman(ranks: readonly number[]): number {
  const centre = ranks.length + 1; // twice the mean rank
  const spread = ranks.reduce((sum, rank) => sum + (rank - centre) ** 2, 0);
  if (spread === 0) return 0;
  const middle = (ranks.length + 1) / 2;
  const places = ranks.reduce((sum, _, i) => sum + (i + 1 - middle) ** 2, 0);
  return ranks.reduce((sum, rank, i) => sum + (rank - centre) * (i + 1 - middle), 0) / Math.sqrt(spread * places);
}
