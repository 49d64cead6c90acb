import type { Detections } from "../detector.ts";
import { decodeDeltas, type DeltaCoder } from "../coder/delta.ts";
import { clipBoxes, type Boxes } from "../../tensor/boxes.ts";
import { bestByScore, nonMaximumSuppression } from "./nms.ts";

export interface DecodeOptions {
  /** Scores must be above it (strictly). */
  readonly scoreThreshold: number;
  /** Best entries (anchor and class) that each level may send on. */
  readonly perLevel: number;
  /** IoU above which the lesser box of the same class falls. */
  readonly nms: number;
  readonly maxDetections: number;
  /** Cut boxes to the image's content. */
  readonly clip: boolean;
  /** After cutting, boxes whose width or height is not above this are dropped; negative keeps all. */
  readonly minSize: number;
}

/** One level of one image, on the host. */
export interface LevelOutput {
  /** [n·K] logits of n anchors. */
  readonly logits: Float32Array;
  /** [n, 4] */
  readonly deltas: Float32Array;
  /** [n, 4] xyxy */
  readonly anchors: Boxes;
}

export interface DenseDecodeOptions extends DecodeOptions {
  readonly classes: number;
  readonly coder: DeltaCoder;
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

function isLarge(boxes: Boxes, i: number, minSize: number): boolean {
  return minSize < 0 || (boxes[4 * i + 2] - boxes[4 * i] > minSize && boxes[4 * i + 3] - boxes[4 * i + 1] > minSize);
}

function pick({ boxes, scores, labels }: Detections, indices: readonly number[]): Detections {
  return {
    boxes: Float32Array.from(indices.flatMap((i) => [...boxes.subarray(4 * i, 4 * i + 4)])),
    scores: Float32Array.from(indices, (i) => scores[i]),
    labels: Int32Array.from(indices, (i) => labels[i]),
  };
}

function decodeLevel({ logits, deltas, anchors }: LevelOutput, options: DenseDecodeOptions): Detections {
  const { classes, coder, perLevel, scoreThreshold } = options;
  const entries = candidates(logits, scoreThreshold);
  const scores = Float32Array.from(entries, (e) => sigmoid(logits[e]));
  const best = bestByScore(scores, perLevel);
  const rows = Array.from(best, (k) => Math.floor(entries[k] / classes));
  const gather = (from: Boxes) => Float64Array.from({ length: 4 * rows.length }, (_, i) => from[4 * rows[i >> 2] + (i & 3)]);
  return {
    boxes: Float32Array.from(decodeDeltas(gather(anchors), gather(deltas), coder)),
    scores: Float32Array.from(best, (k) => scores[k]),
    labels: Int32Array.from(best, (k) => entries[k] % classes),
  };
}

/** Entries with sigmoid(logit) > threshold; a cheap comparison of logits first, as few of millions pass. */
function candidates(logits: Float32Array, threshold: number): number[] {
  const cut = threshold <= 0 ? -Infinity : threshold >= 1 ? Infinity : Math.log(threshold / (1 - threshold)) - 1e-3;
  const out: number[] = [];
  for (let e = 0; e < logits.length; e++) if (logits[e] > cut && sigmoid(logits[e]) > threshold) out.push(e);
  return out;
}

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}
