import type { Outcome } from "./match.ts";
import type { Curves, Protocol } from "./types.ts";

/** The settings' sizes: thresholds, recalls, categories, areas, limits. */
export interface Sizes {
  readonly T: number;
  readonly R: number;
  readonly K: number;
  readonly A: number;
  readonly M: number;
}

/** Curves of −1, "no ground truth here". */
export function emptyCurves({ T, R, K, A, M }: Sizes): Curves {
  const filled = (size: number) => new Float64Array(size).fill(-1);
  return { precision: filled(T * R * K * A * M), recall: filled(T * K * A * M), scores: filled(T * R * K * A * M) };
}

/** One category's detections over all images, by descending score. */
export interface Ranked {
  /** Positions of detections [N]. */
  readonly order: Int32Array;
  /** Place of each detection within its own image and category, by score; indexed as the detections' columns. */
  readonly rank: Int32Array;
  readonly score: Float64Array;
}

/** numpy's `spacing(1)`, which pycocotools adds so that 0/0 is 0. */
const SPACING = 2 ** -52;

/** Writes one category's curves at one area range, for every limit and threshold. */
export type Accumulator = (ranked: Ranked, outcome: Outcome, at: { category: number; area: number; positives: number }) => void;

/** Makes an accumulator into `curves`, with scratch memory for `longest` detections of a category. */
export function accumulator(curves: Curves, { iouThresholds, recallThresholds, maxDetections }: Protocol, sizes: Sizes, longest: number): Accumulator {
  const { R, K, A, M } = sizes;
  const precision = new Float64Array(longest + 1);
  const score = new Float64Array(longest + 1);
  return (ranked, outcome, { category, area, positives }) => {
    for (let m = 0; m < M; m++) {
      for (let t = 0; t < iouThresholds.length; t++) {
        const hits = collectHits(ranked, outcome, { limit: maxDetections[m], t, precision, score });
        curves.recall[((t * K + category) * A + area) * M + m] = hits / positives;
        const first = (((t * R) * K + category) * A + area) * M + m;
        writeCurve(curves, { first, stride: K * A * M, hits, positives, precision, score, recallThresholds });
      }
    }
  };
}

interface Scratch {
  readonly limit: number;
  readonly t: number;
  readonly precision: Float64Array;
  readonly score: Float64Array;
}

/**
 * Precision tp / (fp + tp + ε) and score at each true positive 1 … n, made non-increasing from the right; place 0 holds
 * the score of the first detection of all. Precision peaks at true positives alone, so that the rest need not be kept.
 * @returns n
 */
function collectHits({ order, rank, score: scores }: Ranked, { matched, ignored }: Outcome, { limit, t, precision, score }: Scratch): number {
  let right = 0;
  let wrong = 0;
  score[0] = NaN;
  for (let i = 0; i < order.length; i++) {
    const item = order[i];
    if (rank[item] >= limit) continue;
    if (Number.isNaN(score[0])) score[0] = scores[item]!;
    if ((ignored[item] >> t) & 1) continue;
    if (((matched[item] >> t) & 1) === 0) {
      wrong++;
      continue;
    }
    right++;
    precision[right] = right / (wrong + right + SPACING);
    score[right] = scores[item]!;
  }
  for (let n = right - 1; n > 0; n--) if (precision[n + 1] > precision[n]) precision[n] = precision[n + 1]!;
  return right;
}

interface CurveSlot {
  readonly first: number;
  readonly stride: number;
  readonly hits: number;
  readonly positives: number;
  readonly precision: Float64Array;
  readonly score: Float64Array;
  readonly recallThresholds: Float64Array;
}

/** Reads precision and score where recall first reaches each threshold; beyond the highest recall both are 0. */
function writeCurve(curves: Curves, { first, stride, hits, positives, precision, score, recallThresholds }: CurveSlot): void {
  let n = 1;
  for (let r = 0; r < recallThresholds.length; r++) {
    const at = first + r * stride;
    if (recallThresholds[r] === 0) {
      curves.precision[at] = hits > 0 ? precision[1] : 0;
      curves.scores[at] = Number.isNaN(score[0]) ? 0 : score[0];
      continue;
    }
    while (n <= hits && n / positives < recallThresholds[r]) n++;
    curves.precision[at] = n <= hits ? precision[n] : 0;
    curves.scores[at] = n <= hits ? score[n] : 0;
  }
}
