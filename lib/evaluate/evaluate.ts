import { accumulator, emptyCurves } from "./accumulate.ts";
import type { Accumulator, Sizes } from "./accumulate.ts";
import { groupByCell } from "./groups.ts";
import type { Cells } from "./groups.ts";
import { matcher } from "./match.ts";
import type { Outcome } from "./match.ts";
import { maskShapes } from "./mask-overlap.ts";
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

/**
 * The same for masks (`iouType` "segm"): overlap is counted in pixels. Both sides must have masks: `readGroundTruth`,
 * `groundTruthFrom` and `readDetections` make them with `masks: true`, `DetectionBuffer` keeps those it is given.
 * Throws `EvaluationDataError` when masks are missing or a detection's has another size than its image.
 */
export function evaluateMasks({ groundTruth, detections, options = {} }: EvaluationInput): Evaluation {
  const { areaOf = detections.areaOf ?? "mask" } = options;
  return evaluateShapes({ groundTruth, detections, options }, maskShapes(groundTruth, detections, areaOf));
}

/** The same for any kind of shape: `shapes` says how much a detection and an annotation overlap. */
export function evaluateShapes({ groundTruth, detections, options }: EvaluationInput, shapes: Shapes): Evaluation {
  const protocol = cocoProtocol(options);
  const { categories } = groundTruth;
  const measured = { ...measure({ groundTruth, detections, shapes, protocol }), protocol, categories };
  const perCategory = perCategoryOf(measured);
  return { ...measured, stats: statsOf(measured), perCategory, perCategoryAp: Float64Array.from(perCategory, ({ ap }) => ap) };
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
  const accumulate = accumulator(curves, protocol, sizes, mostOfOneCategory(groundTruth, K));
  const matching = matchCategories(given, cells);
  for (let k = 0; k < K; k++) measureCategory(k, matching, accumulate);
  return curves;
}

interface Matching {
  /** Matches all images of a category; returns how many detections are within the limit, and positives per area. */
  readonly match: (category: number) => { count: number; positives: Int32Array };
  /** Per area; like `rank` and `score`, by the detection's place in the category: image after image, then by score. */
  readonly outcomes: readonly Outcome[];
  readonly rank: Int32Array;
  readonly score: Float64Array;
}

/** Prepares one category's matching, and the columns it fills, which all categories share. */
function matchCategories({ groundTruth, detections, shapes, protocol }: Measurement, { annotated, detected }: { annotated: Cells; detected: Cells }): Matching {
  const { areas, maxDetections } = protocol;
  const images = groundTruth.imageIds.length;
  const longest = mostOfOneCategory(detections, groundTruth.categories.length);
  const outcomes = areas.map(() => ({ matched: new Uint16Array(longest), ignored: new Uint16Array(longest) }));
  const [rank, score, scratch] = [new Int32Array(longest), new Float64Array(longest), new Int32Array(detections.count)];
  const matchCell = matcher(groundTruth, shapes.detectionArea, protocol);
  let overlap = new Float64Array(1024);
  const match = (category: number) => {
    const positives = new Int32Array(areas.length);
    let count = 0;
    for (let cell = category * images; cell < (category + 1) * images; cell++) {
      const [from, to] = [detected.start[cell], detected.start[cell + 1]];
      if (from === to && annotated.start[cell] === annotated.start[cell + 1]) continue;
      sortDescending(detected.items, detections.score, { from, to, scratch });
      const found = detected.items.subarray(from, Math.min(to, from + maxDetections[maxDetections.length - 1]));
      const wanted = annotated.items.subarray(annotated.start[cell], annotated.start[cell + 1]);
      if (found.length * wanted.length > overlap.length) overlap = new Float64Array(2 * found.length * wanted.length);
      shapes.overlap(found, wanted, overlap);
      for (let a = 0; a < areas.length; a++) positives[a] += matchCell({ detected: found, annotated: wanted, overlap, first: count }, a, outcomes[a]);
      for (let place = 0; place < found.length; place++, count++) {
        rank[count] = place;
        score[count] = detections.score[found[place]];
      }
    }
    return { count, positives };
  };
  return { match, outcomes, rank, score };
}

function measureCategory(category: number, { match, outcomes, rank, score }: Matching, accumulate: Accumulator): void {
  const { count, positives } = match(category);
  const order = Int32Array.from({ length: count }, (_, place) => place);
  sortDescending(order, score, { scratch: new Int32Array(count) });
  outcomes.forEach((outcome, area) => {
    if (positives[area] > 0) accumulate({ order, rank, score }, outcome, { category, area, positives: positives[area] });
  });
}

/** The count of the most frequent category. */
function mostOfOneCategory({ category }: Pick<GroundTruth | Detections, "category">, categories: number): number {
  const counts = new Int32Array(categories);
  for (let i = 0; i < category.length; i++) counts[category[i]]++;
  return counts.reduce((most, count) => Math.max(most, count), 0);
}
