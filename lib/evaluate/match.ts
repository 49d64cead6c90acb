import type { GroundTruth, Protocol } from "./types.ts";

/** Outcome of every detection at one area range, one bit per IoU threshold. */
export interface Outcome {
  /** Bit t: the detection took an annotation at threshold t. */
  readonly matched: Uint16Array;
  /** Bit t: the detection counts neither as right nor as wrong at threshold t. */
  readonly ignored: Uint16Array;
}

/** The detections and annotations of one image and category, and their overlaps [D, G]. */
export interface MatchCell {
  /** Positions of detections by descending score, at most the largest limit [D]. */
  readonly detected: Int32Array;
  /** Positions of annotations in file order [G]. */
  readonly annotated: Int32Array;
  /** [D, G] */
  readonly overlap: Float64Array;
  /** Place of the first detection in the outcome's columns; the others follow. */
  readonly first: number;
}

/**
 * Matches detections to annotations greedily, as COCO does: by descending score, each detection takes the free
 * annotation of highest overlap; on equal overlap the later one; regular annotations before ignored ones; crowds may be
 * taken again and again. Annotations that are crowds or outside the area range are ignored, and so is what takes them,
 * and unmatched detections outside the range.
 * @returns how many annotations are not ignored
 */
export type Matcher = (cell: MatchCell, area: number, outcome: Outcome) => number;

/** Makes a matcher with its own scratch memory. */
export function matcher(groundTruth: GroundTruth, detectionArea: Float64Array, { iouThresholds, areas }: Protocol): Matcher {
  const thresholds = iouThresholds.map((value) => Math.min(value, 1 - 1e-10));
  const everywhere = (1 << thresholds.length) - 1;
  let order = new Int32Array(64);
  let taken = new Uint16Array(64);
  return (cell, area, { matched, ignored }) => {
    const { detected, annotated, overlap, first } = cell;
    const G = annotated.length;
    if (G > order.length) [order, taken] = [new Int32Array(2 * G), new Uint16Array(2 * G)];
    const { from, to } = areas[area];
    const regular = G === 0 ? 0 : regularFirst(groundTruth, annotated, { from, to, order });
    taken.fill(0, 0, G);
    const turn = { cell, order, regular, taken, thresholds, groundTruth, took: 0, ignore: 0 };
    for (let d = 0; d < detected.length; d++) {
      const item = detected[d];
      turn.took = turn.ignore = 0;
      if (reaches(overlap, d * G, (d + 1) * G, thresholds[0])) takeBest(turn, d * G);
      const outside = detectionArea[item] < from || detectionArea[item] > to ? everywhere : 0;
      matched[first + d] = turn.took;
      ignored[first + d] = turn.ignore | (outside & ~turn.took);
    }
    return regular;
  };
}

/** Writes the positions 0 … G−1 to `order`, regular annotations first; returns how many are regular. */
function regularFirst({ area, crowd }: GroundTruth, annotated: Int32Array, { from, to, order }: { from: number; to: number; order: Int32Array }): number {
  let regular = 0;
  let ignored = annotated.length;
  for (let g = 0; g < annotated.length; g++) {
    const item = annotated[g];
    if (crowd[item] === 0 && !(area[item] < from || area[item] > to)) order[regular++] = g;
    else order[--ignored] = g;
  }
  if (annotated.length - regular > 1) order.subarray(regular, annotated.length).reverse();
  return regular;
}

/** One detection's turn at every threshold. */
interface Turn {
  readonly cell: MatchCell;
  readonly order: Int32Array;
  readonly regular: number;
  readonly taken: Uint16Array;
  readonly thresholds: Float64Array;
  readonly groundTruth: GroundTruth;
  /** Bit t: took an annotation at threshold t. */
  took: number;
  /** Bit t: took an ignored one. */
  ignore: number;
}

/** Plays a turn: fills `took` and `ignore`, and marks what it takes. @param row where the detection's overlaps start */
function takeBest(turn: Turn, row: number): void {
  const { cell, regular, taken, thresholds, groundTruth } = turn;
  for (let t = 0; t < thresholds.length; t++) {
    const best = bestAt(turn, row, t);
    if (best < 0) continue;
    const g = turn.order[best];
    taken[g] |= 1 << t;
    if (best >= regular) turn.ignore |= 1 << t;
    // pycocotools notes a match by the annotation's id, and 0 means "none" to it.
    if (groundTruth.id[cell.annotated[g]] !== 0) turn.took |= 1 << t;
  }
}

function reaches(overlap: Float64Array, from: number, to: number, threshold: number): boolean {
  for (let i = from; i < to; i++) if (!(overlap[i] < threshold)) return true;
  return false;
}

/** The place in `order` of the annotation that the detection takes at threshold t, or −1. */
function bestAt({ cell, order, regular, taken, thresholds, groundTruth }: Turn, row: number, t: number): number {
  const { annotated, overlap } = cell;
  let best = -1;
  let highest = thresholds[t];
  for (let place = 0; place < annotated.length; place++) {
    const g = order[place];
    if ((taken[g] >> t) & 1 && groundTruth.crowd[annotated[g]] === 0) continue;
    if (best >= 0 && best < regular && place >= regular) break;
    if (overlap[row + g] < highest) continue;
    highest = overlap[row + g]!;
    best = place;
  }
  return best;
}
