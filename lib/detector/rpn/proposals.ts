import { clipBoxes, rowsOf, type Boxes } from "../../tensor/boxes.ts";
import { decodeDeltas, type DeltaCoder } from "../coder/delta.ts";
import { bestByScore } from "../decode/best.ts";
import { nonMaximumSuppression } from "../decode/nms.ts";
import type { Prediction } from "../detector.ts";

export interface ProposalOptions {
  /** Best anchors that each level may send on. */
  readonly perLevel: number;
  /** Best proposals of all levels that remain. */
  readonly total: number;
  /** IoU above which the lesser proposal of the same level falls. */
  readonly nms: number;
  /** After cutting to the image's content, sides must be at least this (torchvision: 0.001) and more than 0. */
  readonly minSize: number;
  /** Objectness in [0, 1] that is needed. */
  readonly scoreThreshold: number;
}

/** Proposals of one image by descending objectness. */
export interface Proposals {
  /** [n, 4] xyxy in pixels of the batch image. */
  readonly boxes: Float32Array;
  /** [n] in [0, 1] */
  readonly scores: Float32Array;
}

/** One level of one image, on the host. */
export interface AnchorOutput {
  /** [n] logits of n anchors. */
  readonly logits: Float32Array;
  /** [n, 4] */
  readonly deltas: Float32Array;
  /** [n, 4] xyxy */
  readonly anchors: Boxes;
}

interface Size {
  readonly width: number;
  readonly height: number;
}

/**
 * A region proposal network's proposals for one image (Lin et al. 2017, "Feature Pyramid Networks", section 4.1): the best of
 * each level, decoded and cut to the image, small and broken ones dropped, NMS level by level, the best overall.
 */
export function proposeRegions(levels: readonly AnchorOutput[], size: Size, options: ProposalOptions & { readonly coder: DeltaCoder }): Proposals {
  const chosen = levels.map(({ logits, deltas, anchors }) => {
    const best = bestByScore(logits, options.perLevel);
    const rows = (from: AnchorOutput["anchors"]) => Float64Array.from({ length: 4 * best.length }, (_, k) => from[4 * best[k >> 2] + (k & 3)]);
    const decoded = Float32Array.from(decodeDeltas(rows(anchors), rows(deltas), options.coder));
    return { boxes: Float32Array.from(clipBoxes(decoded, size.width, size.height)), scores: Float32Array.from(best, (a) => 1 / (1 + Math.exp(-logits[a]))) };
  });
  const boxes = concatenated(chosen.map((level) => level.boxes));
  const scores = concatenated(chosen.map((level) => level.scores));
  const labels = chosen.flatMap((level, l) => Array.from(level.scores, () => l));
  const usable = labels.map((_, i) => i).filter((i) => scores[i] >= options.scoreThreshold && isUsable(boxes.subarray(4 * i, 4 * i + 4), options.minSize));
  const input = { ...pick({ boxes, scores }, usable), labels: usable.map((i) => labels[i]) };
  return pick(input, nonMaximumSuppression(input, options.nms, options.total));
}

function isUsable([x1, y1, x2, y2]: Float32Array, minSize: number): boolean {
  const [width, height] = [x2 - x1, y2 - y1];
  return width > 0 && height > 0 && width >= minSize && height >= minSize && width < Infinity && height < Infinity;
}

function concatenated(parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let start = 0;
  for (const part of parts) {
    all.set(part, start);
    start += part.length;
  }
  return all;
}

function pick({ boxes, scores }: Proposals, indices: readonly number[]): Proposals {
  return { boxes: rowsOf(boxes, indices), scores: rowsOf(scores, indices, 1) };
}

/** Downloads a prediction once and makes the proposals of every image; nothing of it is on the gradient tape. */
export function proposals(prediction: Pick<Prediction, "logits" | "boxes">, sizes: readonly Size[], options: ProposalOptions & { readonly coder: DeltaCoder; readonly anchors: Float64Array }): Proposals[] {
  const levels = prediction.logits.map((logits, l) => ({
    logits: logits.dataSync<"float32">(),
    deltas: prediction.boxes[l].dataSync<"float32">(),
    count: logits.size / logits.shape[0],
  }));
  return sizes.map((size, image) => {
    let start = 0;
    const outputs = levels.map(({ logits, deltas, count }) => {
      const [from, to] = [image * count, (image + 1) * count];
      const anchors = options.anchors.subarray(4 * start, 4 * (start + count));
      start += count;
      return { logits: logits.subarray(from, to), deltas: deltas.subarray(4 * from, 4 * to), anchors };
    });
    return proposeRegions(outputs, size, options);
  });
}
