/**
 * Bilinear sampling of a line of cells, averaged over bins: RoIAlign is separable, so what it reads of a map is the product
 * of what it reads of its rows and of its columns.
 */
export interface Taps {
  /** [bins + 1]: bin i reads the entries from start[i] to start[i + 1]. */
  readonly start: Int32Array;
  /** Cells that are read, each once per bin, ascending. */
  readonly cells: Int32Array;
  readonly weights: Float64Array;
}

export interface Interval {
  /** Where the first bin begins, in cells. */
  readonly from: number;
  /** Length of all bins together, in cells. */
  readonly length: number;
  readonly bins: number;
  /** Points sampled per bin, at the middles of equal parts; 0: ⌈length / bins⌉, so none of an empty interval. */
  readonly samples: number;
  /** Number of cells of the line. */
  readonly cells: number;
}

/**
 * What each bin reads. A point further than 1 from the line's cells (below −1 or above `cells`) counts as 0; nearer ones are
 * taken at the border (He et al. 2017, section 3; the bounds are those of the reference implementations). The work is
 * bounded by `samples` or by the number of cells, however long the interval is.
 */
export function bilinearTaps({ from, length, bins, samples, cells }: Interval): Taps {
  const count = samples > 0 ? samples : Math.max(0, Math.ceil(length / bins));
  const bin = length / bins;
  const sums = new Float64Array(cells);
  const start = new Int32Array(bins + 1);
  const [read, weights]: [number[], number[]] = [[], []];
  for (let i = 0; i < bins; i++) {
    const first = addSamples(sums, from + i * bin, bin / count, count);
    for (let c = first.low; c <= first.high; c++) {
      if (sums[c] !== 0) { read.push(c); weights.push(sums[c] / count); }
      sums[c] = 0;
    }
    start[i + 1] = read.length;
  }
  return { start, cells: Int32Array.from(read), weights: Float64Array.from(weights) };
}

/** Adds the two weights of each point inside; returns the range of cells that may be touched. */
function addSamples(sums: Float64Array, begin: number, step: number, count: number): { low: number; high: number } {
  const last = sums.length - 1;
  let [low, high] = [last + 1, -1];
  const [firstInside, lastInside] = insideRange(begin, step, count, sums.length);
  for (let s = firstInside; s <= lastInside; s++) {
    const at = begin + (s + 0.5) * step;
    if (!(at >= -1 && at <= sums.length)) continue;
    const position = Math.min(Math.max(at, 0), last);
    const below = Math.min(Math.floor(position), last);
    const above = Math.min(below + 1, last);
    sums[below] += 1 - (position - below);
    sums[above] += position - below;
    low = Math.min(low, below);
    high = Math.max(high, above);
  }
  return { low, high };
}

/** The points begin + (s + ½)·step that can lie in [−1, cells], with one more on each side against rounding. */
function insideRange(begin: number, step: number, count: number, cells: number): readonly [number, number] {
  if (step <= 0) return [0, count - 1];
  const first = Math.floor((-1 - begin) / step - 0.5) - 1;
  const last = Math.ceil((cells - begin) / step - 0.5) + 1;
  return [Math.max(0, first), Math.min(count - 1, last)];
}
