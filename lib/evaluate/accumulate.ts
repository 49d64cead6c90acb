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
  /** Places in the columns below and in the outcome's [N]. */
  readonly order: Int32Array;
  /** Rank of each detection within its own image and category, from 0. */
  readonly rank: Int32Array;
  readonly score: Float64Array;
}

/** numpy's `spacing(1)`, which pycocotools adds so that 0/0 is 0. */
const SPACING = 2 ** -52;

/** Writes one category's curves at one area range, for every limit and threshold. */
export type Accumulator = (ranked: Ranked, outcome: Outcome, at: { category: number; area: number; positives: number }) => void;

/** Makes an accumulator into `curves`, with scratch memory for at most `mostPositives` true positives. */
export function accumulator(curves: Curves, { iouThresholds, recallThresholds, maxDetections }: Protocol, sizes: Sizes, mostPositives: number): Accumulator {
  const { T, R, K, A, M } = sizes;
  const hits = Array.from(iouThresholds, (): Hits => ({ count: 0, wrong: 0, precision: new Float64Array(mostPositives + 1), score: new Float64Array(mostPositives + 1) }));
  return (ranked, outcome, { category, area, positives }) => {
    for (let m = 0; m < M; m++) {
      const firstScore = collectHits(ranked, outcome, { limit: maxDetections[m], hits });
      for (let t = 0; t < T; t++) {
        curves.recall[((t * K + category) * A + area) * M + m] = hits[t].count / positives;
        const first = ((t * R * K + category) * A + area) * M + m;
        writeCurve(curves, { first, stride: K * A * M, hits: hits[t], firstScore, positives, recallThresholds });
      }
    }
  };
}

/**
 * The true positives at one threshold: precision and score of the n-th stand at place n (from 1). Precision peaks at
 * true positives alone, so that the rest of the curve need not be kept.
 */
interface Hits {
  count: number;
  /** False positives so far that are true or ignored at other thresholds. */
  wrong: number;
  readonly precision: Float64Array;
  readonly score: Float64Array;
}

/**
 * Walks the detections once for all thresholds: precision tp / (fp + tp + ε) at each true positive, then made
 * non-increasing from the right. @returns the score of the first detection, 0 without any
 */
function collectHits({ order, rank, score }: Ranked, { matched, ignored }: Outcome, { limit, hits }: { limit: number; hits: readonly Hits[] }): number {
  let wrongAtAll = 0;
  let firstScore = NaN;
  for (const hit of hits) hit.count = hit.wrong = 0;
  for (let i = 0; i < order.length; i++) {
    const item = order[i];
    if (rank[item] >= limit) continue;
    if (Number.isNaN(firstScore)) firstScore = score[item];
    if ((matched[item] | ignored[item]) === 0) wrongAtAll++;
    else count(hits, { matched: matched[item], ignored: ignored[item], wrongAtAll, score: score[item] });
  }
  for (const { count, precision } of hits) {
    for (let n = count - 1; n > 0; n--) if (precision[n + 1] > precision[n]) precision[n] = precision[n + 1];
  }
  return Number.isNaN(firstScore) ? 0 : firstScore;
}

function count(hits: readonly Hits[], { matched, ignored, wrongAtAll, score }: { matched: number; ignored: number; wrongAtAll: number; score: number }): void {
  for (let t = 0; t < hits.length; t++) {
    if ((ignored >> t) & 1) continue;
    const hit = hits[t];
    if (((matched >> t) & 1) === 0) {
      hit.wrong++;
      continue;
    }
    const right = ++hit.count;
    hit.precision[right] = right / (wrongAtAll + hit.wrong + right + SPACING);
    hit.score[right] = score;
  }
}

interface CurveSlot {
  readonly first: number;
  readonly stride: number;
  readonly hits: Hits;
  readonly firstScore: number;
  readonly positives: number;
  readonly recallThresholds: Float64Array;
}

/** Reads precision and score where recall first reaches each threshold; beyond the highest recall both are 0. */
function writeCurve(curves: Curves, { first, stride, hits, firstScore, positives, recallThresholds }: CurveSlot): void {
  const { count, precision, score } = hits;
  let n = 1;
  for (let r = 0; r < recallThresholds.length; r++) {
    const at = first + r * stride;
    while (n <= count && n / positives < recallThresholds[r]) n++;
    curves.precision[at] = n <= count ? precision[n] : 0;
    // Recall 0 is reached by the first detection, right or wrong.
    curves.scores[at] = recallThresholds[r] === 0 ? firstScore : n <= count ? score[n] : 0;
  }
}
