import { bilinearTaps } from "../../tensor/bilinear-taps.ts";
import type { Boxes } from "../../tensor/boxes.ts";
import { forEachRun, type Rle } from "../../tensor/masks/rle.ts";

export interface MaskTargetOptions {
  /** Side S of a target in cells. */
  readonly size: number;
  /** Boxes are shifted by half a pixel before sampling (mmdet, detectron2), or taken as they are and at least one pixel wide (torchvision). */
  readonly aligned: boolean;
  /** Cells are 1 from a share of 0.5 on (mmdet, detectron2), or keep their share (torchvision). */
  readonly binary: boolean;
  /** Size of the image beyond which the masks' border is repeated; the masks' own by default, mmdet's is the padded batch. */
  readonly canvas?: { readonly height: number; readonly width: number };
}

export interface MaskRegions {
  /** [n, 4] xyxy in the masks' pixels. */
  readonly boxes: Boxes;
  /** [n] which mask each box learns. */
  readonly objects: Int32Array | readonly number[];
}

/**
 * What a mask head should say in each region: the object's mask through RoIAlign (He et al. 2017, section 3) with adaptive
 * sampling, at scale 1, as torchvision's `project_masks_on_boxes` and mmdet's `BitmapMasks.crop_and_resize` have it.
 *
 * RoIAlign's mean of bilinear samples is a product of weights of rows and of columns, and a run of ones in a column adds a
 * difference of cumulated row weights: masks are never unpacked.
 * @returns [n, S, S]
 */
export function maskTargets(masks: readonly Rle[], { boxes, objects }: MaskRegions, options: MaskTargetOptions): Float32Array {
  const area = options.size * options.size;
  const out = new Float32Array(objects.length * area);
  for (const [i, object] of Array.from(objects).entries()) {
    project(masks[object], [boxes[4 * i], boxes[4 * i + 1], boxes[4 * i + 2], boxes[4 * i + 3]], options, out.subarray(i * area, (i + 1) * area));
  }
  if (options.binary) for (let k = 0; k < out.length; k++) out[k] = out[k] >= half ? 1 : 0;
  return out;
}

/** One half up to the rounding of sums in double precision, stored in single. */
const half = 0.5 - 1e-7;

function project(mask: Rle, [x1, y1, x2, y2]: readonly [number, number, number, number], options: MaskTargetOptions, out: Float32Array): void {
  const { size, aligned, canvas = mask } = options;
  const rows = cumulated(axisWeights(y1, y2, { bins: size, cells: canvas.height, aligned }), size);
  const columns = axisWeights(x1, x2, { bins: size, cells: canvas.width, aligned });
  const shares = columnShares(mask, rows, columns, size);
  for (let bin = 0; bin < size; bin++) {
    for (let x = columns.first; x < columns.first + columns.span; x++) {
      const weight = columns.weights[bin * columns.span + x - columns.first];
      if (weight === 0) continue;
      for (let row = 0; row < size; row++) out[row * size + bin] += weight * shares[(x - columns.first) * size + row];
    }
  }
}

interface Axis {
  /** First cell that any bin reads. */
  readonly first: number;
  /** Number of cells from there on. */
  readonly span: number;
  /** [bins, span] share of each cell in each bin. */
  readonly weights: Float64Array;
}

/**
 * RoIAlign along one axis: each bin is the mean of ⌈length / bins⌉ linear interpolations at the middles of equal parts;
 * positions beyond one cell outside of the map are 0, nearer ones repeat the border.
 */
function axisWeights(low: number, high: number, { bins, cells, aligned }: { readonly bins: number; readonly cells: number; readonly aligned: boolean }): Axis {
  const length = aligned ? high - low : Math.max(high - low, 1);
  const taps = bilinearTaps({ from: aligned ? low - 0.5 : low, length, bins, samples: 0, cells });
  const first = taps.cells.reduce((least, cell) => Math.min(least, cell), cells - 1);
  const span = taps.cells.reduce((most, cell) => Math.max(most, cell), first) - first + 1;
  const weights = new Float64Array(bins * span);
  for (let bin = 0; bin < bins; bin++) {
    for (let t = taps.start[bin]; t < taps.start[bin + 1]; t++) weights[bin * span + taps.cells[t] - first] = taps.weights[t];
  }
  return { first, span, weights };
}

/** [span + 1, bins]: entry (k, bin) is the bin's weight of all cells before first + k. */
function cumulated({ first, span, weights }: Axis, bins: number): Axis {
  const sums = new Float64Array((span + 1) * bins);
  for (let k = 0; k < span; k++) {
    for (let bin = 0; bin < bins; bin++) sums[(k + 1) * bins + bin] = sums[k * bins + bin] + weights[bin * span + k];
  }
  return { first, span, weights: sums };
}

/** The mask's share in each row bin, column by column: [columns.span, bins]. */
function columnShares(mask: Rle, rows: Axis, columns: Axis, bins: number): Float64Array {
  const shares = new Float64Array(columns.span * bins);
  forEachRun(mask, (x, from, to) => {
    const column = x - columns.first;
    if (column < 0 || column >= columns.span) return;
    const [top, bottom] = [clampRow(from, rows) * bins, clampRow(to, rows) * bins];
    if (bottom <= top) return;
    for (let bin = 0; bin < bins; bin++) shares[column * bins + bin] += rows.weights[bottom + bin] - rows.weights[top + bin];
  });
  return shares;
}

function clampRow(y: number, { first, span }: Axis): number {
  return Math.min(Math.max(y - first, 0), span);
}
