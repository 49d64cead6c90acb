import type { Detections } from "../detector.ts";
import { clipBoxes, type Boxes } from "../../tensor/boxes.ts";
import { bestByScore, nonMaximumSuppression } from "./nms.ts";

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
  /** Cut boxes to the image's content. */
  readonly clip: boolean;
  /** After cutting, boxes whose width or height is not above this are dropped; negative keeps all. */
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

/** RetinaNet's inference (Lin et al. 2017, section 4): threshold, best of each level, decode, clip, class-wise NMS, best overall. */
export function decodeDense(levels: readonly LevelOutput[], size: { readonly width: number; readonly height: number }, options: DenseDecodeOptions): Detections {
  const chosen = levels.map((level) => decodeLevel(level, options));
  const scores = Float32Array.from(chosen.flatMap((c) => [...c.scores]));
  const labels = Int32Array.from(chosen.flatMap((c) => [...c.labels]));
  const raw = Float32Array.from(chosen.flatMap((c) => [...c.boxes]));
  const boxes = Float32Array.from(options.clip ? clipBoxes(raw, size.width, size.height) : raw);
  const valid = Array.from(scores.keys()).filter((i) => isLarge(boxes, i, options.minSize));
  const kept = nonMaximumSuppression(pick({ boxes, scores, labels }, valid), options.nms, options.maxDetections).map((k) => valid[k]);
  return pick({ boxes, scores, labels }, kept);
}

/** Boxes that are not numbers, of a network that has diverged, are dropped however small boxes may be. */
function isLarge(boxes: Boxes, i: number, minSize: number): boolean {
  for (let k = 4 * i; k < 4 * i + 4; k++) if (!Number.isFinite(boxes[k])) return false;
  return minSize < 0 || (boxes[4 * i + 2] - boxes[4 * i] > minSize && boxes[4 * i + 3] - boxes[4 * i + 1] > minSize);
}

function pick({ boxes, scores, labels }: Detections, indices: readonly number[]): Detections {
  return {
    boxes: Float32Array.from(indices.flatMap((i) => [...boxes.subarray(4 * i, 4 * i + 4)])),
    scores: Float32Array.from(indices, (i) => scores[i]),
    labels: Int32Array.from(indices, (i) => labels[i]),
  };
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

/** Entries whose score is above the threshold, and that score; a cheap comparison of logits first, as few of millions pass. */
function candidates(level: LevelOutput, options: DenseDecodeOptions): { entries: Int32Array; ranks: Float32Array } {
  const { logits, centerness } = level;
  const { scoreThreshold: threshold } = options;
  const { first } = scoring(level, options);
  // A root √(class · centre-ness) above the threshold needs a class above its square.
  const least = centerness !== undefined && options.score === "root-first" ? threshold ** 2 : threshold;
  const cut = threshold <= 0 ? -Infinity : threshold >= 1 ? Infinity : Math.log(least / (1 - least)) - 1e-3;
  let passing = 0;
  for (let e = 0; e < logits.length; e++) if (logits[e] > cut) passing++;
  const entries = new Int32Array(passing);
  const ranks = new Float32Array(passing);
  let found = 0;
  for (let e = 0; e < logits.length; e++) {
    const score = logits[e] > cut ? first(e) : NaN;
    if (!(score > threshold)) continue;
    entries[found] = e;
    ranks[found++] = score;
  }
  return { entries: entries.subarray(0, found), ranks: ranks.subarray(0, found) };
}

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}
