import type { Boxes } from "../../tensor/boxes.ts";

export interface NmsInput {
  /** [n, 4] xyxy */
  readonly boxes: Boxes;
  /** [n] */
  readonly scores: Boxes;
  /** [n]; boxes of different labels never suppress each other. Default: all of one label. */
  readonly labels?: Int32Array | readonly number[];
}

/** Indices by descending score; equal scores keep their order. Not-a-number counts as the lowest score. */
export function byScore(scores: Boxes): Int32Array {
  const score = (i: number) => (Number.isNaN(scores[i]) ? -Infinity : scores[i]);
  return Int32Array.from(scores.length === 0 ? [] : Array.from(scores.keys())).sort((i, j) => score(j) - score(i) || i - j);
}

/**
 * Greedy non-maximum suppression: a box falls when its IoU with a kept box of its label and higher score is above the
 * threshold (strictly). Equal scores: the earlier index wins. The IoU is computed in single precision, as the reference
 * implementations do, so that a quotient that is the threshold up to rounding falls on their side of it.
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
  const width = f(f(Math.min(boxes[a + 2], boxes[b + 2])) - f(Math.max(boxes[a], boxes[b])));
  if (width <= 0) return false;
  const height = f(f(Math.min(boxes[a + 3], boxes[b + 3])) - f(Math.max(boxes[a + 1], boxes[b + 1])));
  if (height <= 0) return false;
  const intersection = f(width * height);
  return f(intersection / f(f(area(boxes, a) + area(boxes, b)) - intersection)) > threshold;
}

const f = Math.fround;

function area(boxes: Boxes, k: number): number {
  return f(f(f(boxes[k + 2]) - f(boxes[k])) * f(f(boxes[k + 3]) - f(boxes[k + 1])));
}
