import type { Target } from "../data/batch.ts";
import { background, ignored } from "./assign/max-iou.ts";
import type { Detector } from "./detector.ts";

/** A level's cells and what a dense head looks from in each of them (its priors): anchors, or one point. */
export interface PriorLevel {
  /** Cells. */
  readonly height: number;
  readonly width: number;
  /** Pixels between cells, vertically and horizontally. */
  readonly strideY: number;
  readonly strideX: number;
  /** Priors of a cell, A; they lie one behind another, cell by cell, row by row. */
  readonly perCell: number;
  /** `box`: [H·W·A, 4] xyxy in pixels of the batch image; `point`: [H·W·A, 2] x, y. */
  readonly kind: "box" | "point";
  readonly coordinates: Float64Array | Float32Array;
}

/** A level's priors with what training asks of each of them for one image. */
export interface AssignedLevel extends PriorLevel {
  /** [H·W·A]: index of the object in the target's boxes, −1 for background, −2 for none of both (ignored). */
  readonly objects: Int32Array;
}

export interface ImageSize {
  /** Pixels of the padded batch image. */
  readonly height: number;
  readonly width: number;
}

/** Rows and columns of the cells of each level: side / stride, rounded up. */
export function levelSizes(strides: readonly number[], { height, width }: ImageSize): ImageSize[] {
  return strides.map((stride) => ({ height: Math.ceil(height / stride), width: Math.ceil(width / stride) }));
}

/** "P3" for stride 8 and so on: levels are called by the power of two that is their stride. */
export function levelName(stride: number): string {
  return `P${Math.round(Math.log2(stride))}`;
}

/**
 * What `detector`'s training asks of its priors for one image, by the very functions that its loss uses.
 * @throws Error when the detector does not tell
 */
export function assignmentOf(detector: Detector, target: Target, size: ImageSize): readonly AssignedLevel[] {
  if (detector.assignment === undefined) throw new Error(`${detector.name} does not tell its assignment; detectors with a dense head or a region proposal network do`);
  return detector.assignment(target, size);
}

/** A detector's priors on an image of this (padded) size. */
export function priorsOf(detector: Detector, size: ImageSize): readonly PriorLevel[] {
  const nothing: Target = { image: 0, imageId: 0, boxes: new Float32Array(0), labels: new Int32Array(0), ...size, scaleX: 1, scaleY: 1, flipped: false };
  return assignmentOf(detector, nothing, size);
}

/** Cuts the assignment of all priors (level by level) into levels. */
export function assignedLevels(levels: readonly PriorLevel[], objects: Int32Array): AssignedLevel[] {
  let start = 0;
  return levels.map((level) => {
    const end = start + level.height * level.width * level.perCell;
    const own = objects.subarray(start, end);
    start = end;
    return { ...level, objects: own };
  });
}

export interface AssignmentCount {
  readonly positive: number;
  readonly ignored: number;
  readonly background: number;
}

/** How many of a level's priors are of each kind; with `object`, the positives of that object alone. */
export function countAssigned({ objects }: AssignedLevel, object?: number): AssignmentCount {
  const count = { positive: 0, ignored: 0, background: 0 };
  for (const o of objects) {
    if (o === ignored) count.ignored++;
    else if (o === background) count.background++;
    else if (object === undefined || o === object) count.positive++;
  }
  return count;
}
