import type { Boxes } from "../../tensor/boxes.ts";

export interface NmsInput {
  /** [n, 4] xyxy */
  readonly boxes: Boxes;
  /** [n] */
  readonly scores: Boxes;
  /** [n]; boxes of different labels never suppress each other. Default: all of one label. */
  readonly labels?: Int32Array | readonly number[];
}

/** Indices by descending score; equal scores keep their order. */
export function byScore(scores: Boxes): Int32Array {
  return Int32Array.from(scores.length === 0 ? [] : Array.from(scores.keys())).sort((i, j) => scores[j]! - scores[i]! || i - j);
}

/**
 * Greedy non-maximum suppression: a box falls when its IoU with a kept box of its label and higher score is above the
 * threshold (strictly). Equal scores: the earlier index wins.
 * @returns kept indices by descending score, at most `limit`
 */
export function nonMaximumSuppression({ boxes, scores, labels }: NmsInput, threshold: number, limit = Infinity): number[] {
  const keptByLabel = new Map<number, number[]>();
  const kept: number[] = [];
  for (const i of byScore(scores)) {
    if (kept.length >= limit) break;
    const label = labels?.[i] ?? 0;
    let rivals = keptByLabel.get(label);
    if (rivals === undefined) keptByLabel.set(label, (rivals = []));
    if (rivals.some((j) => exceeds(boxes, i, j, threshold))) continue;
    rivals.push(i);
    kept.push(i);
  }
  return kept;
}

function exceeds(boxes: Boxes, i: number, j: number, threshold: number): boolean {
  const [a, b] = [4 * i, 4 * j];
  const width = Math.min(boxes[a + 2]!, boxes[b + 2]!) - Math.max(boxes[a]!, boxes[b]!);
  if (width <= 0) return false;
  const height = Math.min(boxes[a + 3]!, boxes[b + 3]!) - Math.max(boxes[a + 1]!, boxes[b + 1]!);
  if (height <= 0) return false;
  const area = (k: number) => (boxes[k + 2]! - boxes[k]!) * (boxes[k + 3]! - boxes[k + 1]!);
  const intersection = width * height;
  return intersection / (area(a) + area(b) - intersection) > threshold;
}
