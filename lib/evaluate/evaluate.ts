import { accumulator, emptyCurves } from "./accumulate.ts";
import type { Accumulator, Sizes } from "./accumulate.ts";
import { groupByCell } from "./groups.ts";
import type { Cells } from "./groups.ts";
import { matcher } from "./match.ts";
import type { Outcome } from "./match.ts";
import { boxShapes } from "./overlap.ts";
import type { Shapes } from "./overlap.ts";
import { protocol as cocoProtocol } from "./protocol.ts";
import { sortDescending } from "./sort.ts";
import { perCategoryOf, statsOf } from "./summarize.ts";
import type { Curves, Detections, Evaluation, EvaluationOptions, GroundTruth, Protocol } from "./types.ts";

export interface EvaluationInput {
  readonly groundTruth: GroundTruth;
  readonly detections: Detections;
  readonly options?: EvaluationOptions;
}

/**
 * COCO average precision and recall of boxes (cocoapi, `COCOeval`), equal to pycocotools' numbers.
 * Takes columns and allocates little, so that a training loop can call it; see `readGroundTruth`, `readDetections` and
 * `DetectionBuffer` for where columns come from.
 */
export function evaluateBoxes({ groundTruth, detections, options }: EvaluationInput): Evaluation {
  return evaluateShapes({ groundTruth, detections, options }, boxShapes(groundTruth, detections));
}

/** The same for any kind of shape: `shapes` says how much a detection and an annotation overlap. */
export function evaluateShapes({ groundTruth, detections, options }: EvaluationInput, shapes: Shapes): Evaluation {
  const protocol = cocoProtocol(options);
  const { categories } = groundTruth;
  const measured = { ...measure({ groundTruth, detections, shapes, protocol }), protocol, categories };
  return { ...measured, stats: statsOf(measured), perCategory: perCategoryOf(measured) };
}

interface Measurement {
  readonly groundTruth: GroundTruth;
  readonly detections: Detections;
  readonly shapes: Shapes;
  readonly protocol: Protocol;
}

function measure(given: Measurement): Curves {
  const { groundTruth, detections, protocol } = given;
  const [images, K] = [groundTruth.imageIds.length, groundTruth.categories.length];
  const cells = { annotated: groupByCell(groundTruth, images, K), detected: groupByCell(detections, images, K) };
  const sizes: Sizes = { T: protocol.iouThresholds.length, R: protocol.recallThresholds.length, K, A: protocol.areas.length, M: protocol.maxDetections.length };
  const curves = emptyCurves(sizes);
  const accumulate = accumulator(curves, protocol, sizes, detections.count);
  const matching = matchCategories(given, cells);
  for (let k = 0; k < K; k++) measureCategory(k, matching, accumulate);
  return curves;
}

interface Matching {
  /** Matches all images of a category; returns its detections that are within the limit, and positives per area. */
  readonly match: (category: number) => { order: Int32Array; positives: Int32Array };
  readonly outcomes: readonly Outcome[];
  readonly rank: Int32Array;
  readonly score: Float64Array;
  readonly scratch: Int32Array;
}

/** Prepares the columns of outcomes, shared by all categories, and the matching of one category. */
function matchCategories({ groundTruth, detections, shapes, protocol }: Measurement, { annotated, detected }: { annotated: Cells; detected: Cells }): Matching {
  const { areas, maxDetections } = protocol;
  const images = groundTruth.imageIds.length;
  const outcomes = areas.map(() => ({ matched: new Uint16Array(detections.count), ignored: new Uint16Array(detections.count) }));
  const rank = new Int32Array(detections.count);
  const scratch = new Int32Array(detections.count);
  const kept = new Int32Array(detections.count);
  const matchCell = matcher(groundTruth, shapes.detectionArea, protocol);
  let overlap = new Float64Array(1024);
  const match = (category: number) => {
    const positives = new Int32Array(areas.length);
    let count = 0;
    for (let cell = category * images; cell < (category + 1) * images; cell++) {
      const [from, to] = [detected.start[cell], detected.start[cell + 1]];
      const wanted = annotated.items.subarray(annotated.start[cell], annotated.start[cell + 1]);
      if (from === to && wanted.length === 0) continue;
      sortDescending(detected.items, detections.score, { from, to, scratch });
      const found = detected.items.subarray(from, Math.min(to, from + maxDetections.at(-1)!));
      if (found.length * wanted.length > overlap.length) overlap = new Float64Array(2 * found.length * wanted.length);
      shapes.overlap(found, wanted, overlap);
      found.forEach((item, place) => (rank[item] = place));
      for (let a = 0; a < areas.length; a++) positives[a] += matchCell({ detected: found, annotated: wanted, overlap }, a, outcomes[a]);
      kept.set(found, count);
      count += found.length;
    }
    return { order: kept.subarray(0, count), positives };
  };
  return { match, outcomes, rank, score: detections.score, scratch };
}

function measureCategory(category: number, { match, outcomes, rank, score, scratch }: Matching, accumulate: Accumulator): void {
  const { order, positives } = match(category);
  sortDescending(order, score, { scratch });
  outcomes.forEach((outcome, area) => {
    if (positives[area] > 0) accumulate({ order, rank, score }, outcome, { category, area, positives: positives[area] });
  });
}
