import type { Target } from "../data/batch.ts";
import { assignmentOf, type ImageSize } from "../detector/assignment.ts";
import type { Detector } from "../detector/detector.ts";
import { foregroundOf, type Grid } from "./foreground.ts";

/**
 * The four regions of the FRS paper's Table 4 (Du et al., NeurIPS 2021): by the ground truth a cell of a level is foreground
 * or background, by the teacher's score high or low. TP: foreground, high. FP: background, high. FN: foreground, low. TN:
 * background, low.
 */
export type Region = "TP" | "FP" | "FN" | "TN";

/** In the order of the numbers in `RegionLevel.cells`. */
export const regionNames = ["TP", "FP", "FN", "TN"] as const satisfies readonly Region[];

export interface PartitionOptions {
  /**
   * What makes a cell foreground. `boxes` (default): its centre lies in a box, on every level. `scale`: and the farthest side
   * of that box is as far as the level serves in FCOS (4 to 8 strides; the first from 0, the last to ∞). `assigned`: at least
   * one of its priors is positive in the detector's own training. Crowd regions are in no target and count as background.
   */
  readonly foreground?: "boxes" | "scale" | "assigned";
  /** τ: a score above it is high. In [0, 1); default 0.05, the score from which detections are reported. */
  readonly threshold?: number;
}

/**
 * What the first author's fork of mmdetection (duzhixing/mmdetection 839517c, `distilling_tp_tn.py`, `distilling_label_thr.py`
 * and `distilling_max_thr.py`) does for RetinaNet R101 → R50: assigned cells, τ = 0.1 (some files 0.05), and every cell of
 * the regions counts 1. The paper says none of this, nor which run its Table 4 shows.
 */
export const firstAuthorsRegions = { foreground: "assigned", threshold: 0.1, weight: "binary" } as const;

/** The regions of one level of a batch. */
export interface RegionLevel {
  /** Pixels between cells. */
  readonly stride: number;
  /** Cells. */
  readonly height: number;
  readonly width: number;
  /** [B·H·W], image by image, row by row: positions in `regionNames`. */
  readonly cells: Uint8Array;
}

/** The teacher's scores of one level. */
export interface ScoreLevel {
  readonly stride: number;
  readonly height: number;
  readonly width: number;
  /** [B·H·W]: S. */
  readonly scores: ArrayLike<number>;
}

/** Whose cells are divided: `assignment` is needed for `foreground: "assigned"` alone. */
export type Divided = Pick<Detector, "name" | "strides" | "assignment">;

/**
 * Divides every cell of every level into the four regions.
 * @param size of the padded batch image
 * @throws RangeError for an option outside its values, Error when the detector does not tell its assignment
 */
export function partition(levels: readonly ScoreLevel[], targets: readonly Target[], detector: Divided, { foreground = "boxes", threshold = 0.05, size }: PartitionOptions & { readonly size: ImageSize }): RegionLevel[] {
  checkPartition({ foreground, threshold });
  const truth = foreground === "assigned" ? assignedCells(levels, targets, detector, size) : levels.map((level, l) => foregroundOf(targets, level, foreground === "scale" ? servedBy(l, levels) : undefined));
  return levels.map(({ stride, height, width, scores }, l) => {
    if (scores.length !== truth[l].length) throw new RangeError(`the level of stride ${stride} has ${scores.length} scores for ${targets.length} images of ${height} × ${width} cells`);
    return { stride, height, width, cells: Uint8Array.from(scores, (score, cell) => regionOf(truth[l][cell] === 1, score > threshold)) };
  });
}

/** @throws RangeError for an option outside its values */
export function checkPartition({ foreground = "boxes", threshold = 0.05 }: PartitionOptions): void {
  if (!["boxes", "scale", "assigned"].includes(foreground)) throw new RangeError(`foreground is ${JSON.stringify(foreground)}; allowed: "boxes", "scale", "assigned"`);
  if (!(threshold >= 0 && threshold < 1)) throw new RangeError(`the score threshold is ${threshold}; allowed: from 0 to below 1`);
}

function regionOf(foreground: boolean, high: boolean): number {
  return foreground ? (high ? 0 : 2) : high ? 1 : 3;
}

/** FCOS's ranges in units of the stride: (4, 8], from 0 on the first level, to ∞ on the last. */
function servedBy(l: number, levels: readonly Grid[]): readonly [number, number] {
  return [l === 0 ? 0 : 4 * levels[l].stride, l === levels.length - 1 ? Infinity : 8 * levels[l].stride];
}

/** 1 where a cell has a positive prior. */
function assignedCells(levels: readonly Grid[], targets: readonly Target[], detector: Divided, size: ImageSize): Uint8Array[] {
  const images = targets.map((target) => assignmentOf(detector as Detector, target, size));
  return levels.map(({ stride, height, width }) => {
    const cells = new Uint8Array(targets.length * height * width);
    images.forEach((assigned, image) => {
      const own = assigned[detector.strides.indexOf(stride)];
      if (own === undefined || own.height !== height || own.width !== width) throw new Error(`${detector.name} has no level of stride ${stride} with ${height} × ${width} cells`);
      own.objects.forEach((object, prior) => { if (object >= 0) cells[image * height * width + Math.floor(prior / own.perCell)] = 1; });
    });
    return cells;
  });
}

/** 1 where a cell belongs to one of these regions, else 0: [B·H·W]. */
export function cellsIn({ cells }: Pick<RegionLevel, "cells">, kept: readonly Region[]): Float32Array {
  const wanted = regionNames.map((name) => (kept.includes(name) ? 1 : 0));
  return Float32Array.from(cells, (region) => wanted[region]);
}

/** How many cells of a level lie in each region. */
export function countRegions({ cells }: Pick<RegionLevel, "cells">): Readonly<Record<Region, number>> {
  const counts = { TP: 0, FP: 0, FN: 0, TN: 0 };
  for (const region of cells) counts[regionNames[region]]++;
  return counts;
}
