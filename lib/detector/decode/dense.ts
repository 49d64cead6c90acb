import type { Detections } from "../detector.ts";
import { clipBoxes, type Boxes } from "../../tensor/boxes.ts";
import { bestByScore, nthLargest } from "./best.ts";
import { nonMaximumSuppression } from "./nms.ts";
import { pickDetections } from "./pick.ts";

/**
 * How centre-ness enters the score of a class:
 * - `product`: class · centre-ness; threshold and best of each level by the class alone (the paper, mmdet);
 * - `root`: √(class · centre-ness); threshold and best of each level by the class alone (cvpods, LGD);
 * - `root-first`: √(class · centre-ness), also for threshold and best of each level (torchvision, detectron2).
 */
export type ScoreRule = "product" | "root" | "root-first";

export interface DecodeOptions {
  /** Scores must be above it (strictly). */
  readonly scoreThreshold: number;
  /** Best entries (prior and class) that each level may send on. */
  readonly perLevel: number;
  /** IoU above which the lesser box of the same class falls. */
  readonly nms: number;
  readonly maxDetections: number;
  /**
   * Cut boxes to the image's content: before they suppress each other (`true`: torchvision, mmdet), never (`false`), or
   * `after`: boxes suppress and are counted as they were decoded, then the found ones are cut and those without area dropped
   * (detectron2's `detector_postprocess`).
   */
  readonly clip: boolean | "after";
  /** Boxes whose width or height, cut if they are cut before, is not above this are dropped; negative keeps all. */
  readonly minSize: number;
  /** Of heads with centre-ness. Default `product`. */
  readonly score?: ScoreRule;
}

/** One level of one image, on the host. */
export interface LevelOutput {
  /** [n·K] logits of n priors. */
  readonly logits: Float32Array;
  /** [n] logits of centre-ness, of heads that have it. */
  readonly centerness?: Float32Array;
  /** The boxes [m, 4] xyxy of these m priors. */
  readonly boxesOf: (priors: readonly number[]) => Float64Array;
}

export interface DenseDecodeOptions extends DecodeOptions {
  readonly classes: number;
}

/** RetinaNet's inference (Lin et al. 2017, section 4): threshold, best of each level, decode, clip, class-wise NMS, best overall (`clip` tells when it clips). */
export function decodeDense(levels: readonly LevelOutput[], size: { readonly width: number; readonly height: number }, options: DenseDecodeOptions): Detections {
  const chosen = levels.map((level) => decodeLevel(level, options));
  const scores = Float32Array.from(chosen.flatMap((c) => [...c.scores]));
  const labels = Int32Array.from(chosen.flatMap((c) => [...c.labels]));
  const raw = Float32Array.from(chosen.flatMap((c) => [...c.boxes]));
  const boxes = Float32Array.from(options.clip === true ? clipBoxes(raw, size.width, size.height) : raw);
  const valid = Array.from(scores.keys()).filter((i) => isLarge(boxes, i, options.minSize));
  const kept = nonMaximumSuppression(pickDetections({ boxes, scores, labels }, valid), options.nms, options.maxDetections).map((k) => valid[k]);
  const found = pickDetections({ boxes, scores, labels }, kept);
  return options.clip === "after" ? clipped(found, size) : found;
}

/** Detections cut to the image, without those of which nothing is left. */
function clipped({ boxes, scores, labels }: Detections, { width, height }: { readonly width: number; readonly height: number }): Detections {
  const cut = { boxes: Float32Array.from(clipBoxes(boxes, width, height)), scores, labels };
  return pickDetections(cut, Array.from(scores.keys()).filter((i) => isLarge(cut.boxes, i, 0)));
}

/** Boxes that are not numbers, of a network that has diverged, are dropped however small boxes may be. */
function isLarge(boxes: Boxes, i: number, minSize: number): boolean {
  for (let k = 4 * i; k < 4 * i + 4; k++) if (!Number.isFinite(boxes[k])) return false;
  return minSize < 0 || (boxes[4 * i + 2] - boxes[4 * i] > minSize && boxes[4 * i + 3] - boxes[4 * i + 1] > minSize);
}

function decodeLevel(level: LevelOutput, options: DenseDecodeOptions): Detections {
  const { classes, perLevel } = options;
  const { last } = scoring(level, options);
  const { entries, ranks } = candidates(level, options);
  const best = bestByScore(ranks, perLevel);
  return {
    boxes: Float32Array.from(level.boxesOf(Array.from(best, (k) => Math.floor(entries[k] / classes)))),
    scores: Float32Array.from(best, (k) => last(entries[k])),
    labels: Int32Array.from(best, (k) => entries[k] % classes),
  };
}

/** The score of an entry (prior · K + class) that thresholds and sorts within its level, and the one it is given in the end. */
function scoring({ logits, centerness }: LevelOutput, { classes, score = "product" }: DenseDecodeOptions): { first: (entry: number) => number; last: (entry: number) => number } {
  const alone = (e: number) => sigmoid(logits[e]);
  if (centerness === undefined) return { first: alone, last: alone };
  const product = (e: number) => alone(e) * sigmoid(centerness[Math.floor(e / classes)]);
  const last = score === "product" ? product : (e: number) => Math.sqrt(product(e));
  return { first: score === "root-first" ? last : alone, last };
}

/** Entries whose score is above the threshold, and that score: all that can be among the best of the level, and few more. */
function candidates(level: LevelOutput, options: DenseDecodeOptions): { entries: Int32Array; ranks: Float32Array } {
  const { first } = scoring(level, options);
  const passing = hopeful(level, options);
  const entries = new Int32Array(passing.length);
  const ranks = new Float32Array(passing.length);
  let found = 0;
  for (const e of passing) {
    const score = first(e);
    if (!(score > options.scoreThreshold)) continue;
    entries[found] = e;
    ranks[found++] = score;
  }
  return { entries: entries.subarray(0, found), ranks: ranks.subarray(0, found) };
}

/** Entries whose logits let them hope: comparing logits is cheap, and few of millions pass. */
function hopeful(level: LevelOutput, options: DenseDecodeOptions): Int32Array {
  const { logits, centerness } = level;
  const cut = leastLogit(level, options);
  const count = countAbove(logits, cut);
  if (count <= 2 * options.perLevel || (centerness !== undefined && options.score === "root-first")) return entriesAbove(logits, cut, count);
  const bound = lowerBound(nthLargest(logits, options.perLevel));
  return entriesAbove(logits, bound, countAbove(logits, bound));
}

function countAbove(logits: Float32Array, cut: number): number {
  let count = 0;
  for (let e = 0; e < logits.length; e++) if (logits[e] > cut) count++;
  return count;
}

function entriesAbove(logits: Float32Array, cut: number, count: number): Int32Array {
  const entries = new Int32Array(count);
  let found = 0;
  for (let e = 0; found < count; e++) if (logits[e] > cut) entries[found++] = e;
  return entries;
}

/** A logit that no entry above the threshold falls below. */
function leastLogit({ centerness }: LevelOutput, { scoreThreshold: threshold, score }: DenseDecodeOptions): number {
  if (threshold <= 0) return -Infinity;
  if (threshold >= 1) return Infinity;
  // A root √(class · centre-ness) above the threshold needs a class above its square.
  const least = centerness !== undefined && score === "root-first" ? threshold ** 2 : threshold;
  return Math.log(least / (1 - least)) - 1e-3;
}

/**
 * A logit whose score in single precision is surely less than that of `logit`: by 2⁻²¹ of it, four units in its last place.
 * (Above 10 scores crowd together below 1; below −80 they are denormal.)
 */
function lowerBound(logit: number): number {
  const top = Math.min(logit, 10);
  return logit < -80 ? -Infinity : top - 2 ** -21 * (1 + Math.exp(top));
}

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}
