import * as tf from "@tensorflow/tfjs-core";
import { hasRawOps } from "../backend/ops.ts";
import { bilinearTaps } from "./bilinear-taps.ts";
import { differentiable } from "./differentiable.ts";
import { rawReshape } from "./raw.ts";
import { nonZeros, sparseProduct, type SparseMatrix } from "./sparse-product.ts";

/** Regions of interest of a batch, one list for all images. */
export interface Rois {
  /** [R, 4] xyxy in pixels of the batch image. */
  readonly boxes: Float32Array;
  /** [R] position of each one's image in the batch. */
  readonly images: Int32Array;
}

/** A feature map that regions are read from. */
export interface RoiLevel {
  /** [B, H, W, C] */
  readonly features: tf.Tensor4D;
  /** Cells per pixel, 1 / stride. */
  readonly scale: number;
}

export interface RoiAlignOptions {
  /** Rows and columns of bins per region. */
  readonly output: readonly [number, number];
  /** Points per bin and axis; 0: adaptive, ⌈length of the region in cells / bins⌉. */
  readonly samplingRatio: number;
  /**
   * Cell i covers i … i + 1 and its value lies at i + ½ (mmdet, detectron2's `ROIAlignV2`); otherwise its value lies at i, and
   * regions narrower than a cell are widened to one (He et al. 2017's own, torchvision).
   */
  readonly aligned: boolean;
  /** [R] level each region is read from. Default 0 for all. */
  readonly levels?: Int32Array;
}

/**
 * RoIAlign (He et al. 2017, "Mask R-CNN", section 3): each bin is the mean of bilinear samples of its region's map. One node
 * of the tape for all levels: the interpolation is a sparse matrix, made from its separable weights on the host and
 * multiplied with each level's cells by one operation, its gradient by the transposed one. Matrices are made in chunks of
 * bounded size, and again for the gradient.
 * @returns [R, rows, columns, C] in the order of `rois`; belongs to the current tidy scope
 * @throws Error for boxes that are not finite, images outside the batch and levels that do not exist
 */
export function roiAlign(levels: readonly RoiLevel[], rois: Rois, options: RoiAlignOptions): tf.Tensor4D {
  check(levels, rois, options);
  const [count, channels] = [rois.images.length, levels[0].features.shape[3]];
  const shape: [number, number, number, number] = [count, ...options.output, channels];
  if (count === 0) return tf.zeros(shape);
  const groups = byLevel(levels, rois, options);
  const places = inverse(groups.flatMap(({ members }) => members));
  return differentiable<tf.Tensor4D>({
    inputs: Object.fromEntries(groups.map(({ level }) => [`level${level}`, levels[level].features])),
    forward: () => tf.tidy(() => {
      const parts = groups.flatMap((group) => Array.from(chunks(group, rois, options), ({ matrix, members }) => {
        const y = sparseProduct(matrix, cellRows(group.features), "plain");
        return reshape2d(y, [members.length, channels * options.output[0] * options.output[1]]);
      }));
      const joined = parts.length === 1 ? parts[0] : tf.concat(parts);
      return tf.reshape(reordered(joined, places), shape);
    }),
    backward: (dy) => Object.fromEntries(groups.map((group) => [`level${group.level}`, () => levelGradient(dy, group, rois, options)])),
  });
}

interface Group {
  readonly level: number;
  readonly features: tf.Tensor4D;
  readonly scale: number;
  /** Regions that are read from this level. */
  readonly members: readonly number[];
}

function byLevel(levels: readonly RoiLevel[], rois: Rois, { levels: assigned }: RoiAlignOptions): Group[] {
  const members = levels.map((): number[] => []);
  for (let r = 0; r < rois.images.length; r++) members[assigned?.[r] ?? 0].push(r);
  return levels.flatMap((level, l) => (members[l].length === 0 ? [] : [{ ...level, level: l, members: members[l] }]));
}

/** Where each region's rows lie after the levels' results were joined. */
function inverse(order: readonly number[]): Int32Array {
  const places = new Int32Array(order.length);
  for (const [place, r] of order.entries()) places[r] = place;
  return places;
}

/** Rows in the order of `indices`; nothing is copied when they are already. */
function reordered(x: tf.Tensor2D, indices: ArrayLike<number>): tf.Tensor2D {
  const own = Int32Array.from(indices);
  return own.length === x.shape[0] && own.every((value, i) => value === i) ? x : tf.gather(x, tf.tensor1d(own, "int32"));
}

/** [B, H, W, C] → [B·H·W, C], the same values. */
function cellRows(features: tf.Tensor4D): tf.Tensor2D {
  const [batch, height, width, channels] = features.shape;
  return reshape2d(features, [batch * height * width, channels]);
}

function reshape2d(x: tf.Tensor, shape: [number, number]): tf.Tensor2D {
  return (hasRawOps() ? rawReshape(x, shape) : tf.reshape(x, shape)) as tf.Tensor2D;
}

function levelGradient(dy: tf.Tensor4D, group: Group, rois: Rois, options: RoiAlignOptions): tf.Tensor4D {
  const [count, rows, columns, channels] = dy.shape;
  const bins = rows * columns;
  const flat = reshape2d(dy, [count, bins * channels]);
  let sum: tf.Tensor2D | undefined;
  for (const { matrix, members } of chunks(group, rois, options)) {
    const part = tf.tidy(() => sparseProduct(matrix, reshape2d(reordered(flat, members), [members.length * bins, channels]), "transposed"));
    const before = sum;
    sum = before === undefined ? part : tf.add(before, part);
    if (before !== undefined) tf.dispose([before, part]);
  }
  return tf.reshape(sum!, group.features.shape);
}

/** Entries of one matrix: about 50 MB. */
const limit = 1 << 22;

interface Chunk {
  readonly members: readonly number[];
  readonly matrix: SparseMatrix;
}

/** The interpolation matrices [bins of the chunk's regions, cells] of a level. */
function* chunks({ features, scale, members }: Group, rois: Rois, options: RoiAlignOptions): Generator<Chunk> {
  const [batch, height, width] = features.shape;
  const [rows, columns] = options.output;
  const size = { rows: 0, columns: batch * height * width };
  let regions: RegionTaps[] = [];
  let entries = 0;
  let start = 0;
  for (const [k, r] of members.entries()) {
    const region = regionTaps(rois.boxes.subarray(4 * r, 4 * r + 4), { height, width, scale }, options);
    regions.push({ ...region, offset: rois.images[r] * height * width });
    entries += region.y.cells.length * region.x.cells.length;
    if (entries < limit && k < members.length - 1) continue;
    yield { members: members.slice(start, k + 1), matrix: { ...size, rows: regions.length * rows * columns, ...fill(regions, entries, width) } };
    [regions, entries, start] = [[], 0, k + 1];
  }
}

interface RegionTaps {
  readonly y: ReturnType<typeof bilinearTaps>;
  readonly x: ReturnType<typeof bilinearTaps>;
  /** First cell of the region's image. */
  readonly offset: number;
}

function regionTaps(box: Float32Array, { height, width, scale }: { readonly height: number; readonly width: number; readonly scale: number }, { output, samplingRatio, aligned }: RoiAlignOptions): Omit<RegionTaps, "offset"> {
  const shift = aligned ? 0.5 : 0;
  const axis = (low: number, high: number, bins: number, cells: number) => {
    const length = (high - low) * scale;
    return bilinearTaps({ from: low * scale - shift, length: aligned ? length : Math.max(length, 1), bins, samples: samplingRatio, cells });
  };
  return { y: axis(box[1], box[3], output[0], height), x: axis(box[0], box[2], output[1], width) };
}

function fill(regions: readonly RegionTaps[], entries: number, width: number): Pick<SparseMatrix, "indices" | "values"> {
  const out = nonZeros(entries);
  let row = 0;
  for (const { y, x, offset } of regions) {
    for (let i = 0; i + 1 < y.start.length; i++) {
      for (let j = 0; j + 1 < x.start.length; j++, row++) {
        for (let a = y.start[i]; a < y.start[i + 1]; a++) {
          const line = offset + y.cells[a] * width;
          for (let b = x.start[j]; b < x.start[j + 1]; b++) out.add(row, line + x.cells[b], y.weights[a] * x.weights[b]);
        }
      }
    }
  }
  return out;
}

function check(levels: readonly RoiLevel[], { boxes, images }: Rois, { output, samplingRatio, levels: assigned }: RoiAlignOptions): void {
  if (levels.length === 0) throw new Error("roiAlign: no feature maps were given; one at least is needed");
  const batch = levels[0].features.shape[0];
  if (boxes.length !== 4 * images.length) throw new Error(`roiAlign: ${boxes.length} box coordinates for ${images.length} regions; 4 are needed per region`);
  if (assigned !== undefined && assigned.length !== images.length) throw new Error(`roiAlign: ${assigned.length} levels for ${images.length} regions; one is needed per region`);
  for (const [i, value] of boxes.entries()) if (!Number.isFinite(value)) throw new Error(`roiAlign: box ${i >> 2} has a coordinate ${value}; boxes must be finite`);
  for (const [r, image] of images.entries()) if (!(image >= 0 && image < batch)) throw new Error(`roiAlign: region ${r} lies in image ${image} of a batch of ${batch}`);
  for (const [r, level] of (assigned ?? []).entries()) if (!(level >= 0 && level < levels.length)) throw new Error(`roiAlign: region ${r} belongs to level ${level} of ${levels.length} levels`);
  for (const n of output) if (!Number.isInteger(n) || n < 1) throw new Error(`roiAlign: output is ${output.join(" × ")} bins; both must be whole numbers from 1`);
  if (!Number.isInteger(samplingRatio) || samplingRatio < 0) throw new Error(`roiAlign: samplingRatio is ${samplingRatio}; it must be a whole number, 0 for adaptive sampling`);
}
