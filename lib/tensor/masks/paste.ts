import { MaskError, RunBuilder, checkMaskSize } from "./rle.ts";
import type { MaskSize, Rle } from "./rle.ts";

/**
 * How a small mask is stretched over its box:
 * - `torchvision` (`paste_masks_in_image`, padding 1): a border of zeros is put around the mask, the box grown by the
 *   same share about its centre, its corners cut to whole pixels, x2 − x1 + 1 pixels filled; object where value > threshold
 * - `mmdet` (`_do_paste_mask`, detectron2's too): pixel centres are looked up in the box as it is, zeros beyond the
 *   mask; object where value ≥ threshold
 */
export type PasteConvention = "torchvision" | "mmdet";

export interface PasteOptions {
  readonly convention: PasteConvention;
  /** Of the image the mask is pasted into. */
  readonly size: MaskSize;
  /** Default 0.5. */
  readonly threshold?: number;
}

/** Image pixels along one axis, and where each looks in the mask: `low` + `part` of the way to `low` + 1. */
interface Axis {
  /** First pixel; the tables start here. */
  readonly from: number;
  /** Cell of the mask plus one: cells −1 and beyond the last are 0. */
  readonly low: Int32Array;
  /** 0 … 1 */
  readonly part: Float64Array;
}

function axis(from: number, to: number, look: (pixel: number) => number, cells: number): Axis {
  const count = Math.max(0, to - from);
  const [low, part] = [new Int32Array(count), new Float64Array(count)];
  for (let i = 0; i < count; i++) {
    const at = Math.min(Math.max(look(from + i), -1), cells);
    const cell = Math.min(Math.floor(at), cells - 1);
    low[i] = cell + 1;
    part[i] = at - cell;
  }
  return { from, low, part };
}

function torchvisionAxis(low: number, high: number, { cells, side }: { cells: number; side: number }): Axis {
  const [middle, half] = [(low + high) / 2, ((high - low) / 2) * ((cells + 2) / cells)];
  const [first, last] = [Math.trunc(middle - half), Math.trunc(middle + half)];
  const pixels = Math.max(1, last - first + 1);
  // In the mask with its border, whose cell 0 is the mask's cell −1; sizes are never looked up left of a cell's centre.
  const look = (pixel: number) => Math.max(0, (pixel - first + 0.5) * ((cells + 2) / pixels) - 0.5) - 1;
  return axis(Math.max(0, first), Math.min(side, last + 1), look, cells);
}

function continuousAxis(low: number, high: number, { cells, side }: { cells: number; side: number }): Axis {
  const length = high - low;
  if (!(length > 0)) return axis(0, 0, () => 0, cells);
  // Beyond half a cell outside the box everything is 0.
  const reach = length / cells / 2;
  const look = (pixel: number) => ((pixel + 0.5 - low) / length) * cells - 0.5;
  return axis(Math.max(0, Math.floor(low - reach - 0.5)), Math.min(side, Math.ceil(high + reach + 0.5)), look, cells);
}

/** A mask to be pasted: [rows, columns] row by row, probabilities. */
export interface SmallMask {
  readonly values: ArrayLike<number>;
  readonly height: number;
  readonly width: number;
}

/** Told of each column that a mask reaches: column, its first row, and the values from there down. `values` is used again. */
type VisitColumn = (x: number, y: number, values: Float64Array) => void;

/** Stretches a mask over its box, column by column. @param box xyxy in pixels */
function stretch(mask: SmallMask, box: ArrayLike<number>, { convention, size }: PasteOptions, visit: VisitColumn): void {
  const makeAxis = convention === "torchvision" ? torchvisionAxis : continuousAxis;
  const across = makeAxis(box[0], box[2], { cells: mask.width, side: size.width });
  const down = makeAxis(box[1], box[3], { cells: mask.height, side: size.height });
  // One column of the mask between zeros.
  const column = new Float64Array(mask.height + 2);
  const values = new Float64Array(down.low.length);
  for (let i = 0; i < across.low.length; i++) {
    columnAt(mask, across.low[i] - 1, across.part[i], column);
    for (let j = 0; j < values.length; j++) values[j] = column[down.low[j]] * (1 - down.part[j]) + column[down.low[j] + 1] * down.part[j];
    visit(across.from + i, down.from, values);
  }
}

/** Writes the mask's column between cells `low` and `low` + 1 into `column[1 …]`. */
function columnAt({ values, height, width }: SmallMask, low: number, part: number, column: Float64Array): void {
  const [left, right] = [low >= 0 && low < width ? 1 - part : 0, low + 1 < width ? part : 0];
  for (let j = 0; j < height; j++) {
    const at = j * width + low;
    column[j + 1] = (left > 0 ? left * values[at] : 0) + (right > 0 ? right * values[at + 1] : 0);
  }
}

function checkPaste({ values, height, width }: SmallMask, box: ArrayLike<number>, { size }: PasteOptions): void {
  checkMaskSize(size, "image to paste masks into");
  if (!(height > 0 && width > 0) || values.length !== height * width) throw new MaskError(`mask to paste: ${values.length} values received, ${height} × ${width} needs ${height * width}`);
  const sound = box.length === 4 && [0, 1, 2, 3].every((side) => Number.isFinite(box[side]));
  if (!sound) throw new MaskError(`mask to paste: the box received is [${Array.from(box).join(", ")}], allowed are four finite numbers x1, y1, x2, y2`);
}

/**
 * Stretches a mask over its box and cuts it at the threshold. Works column by column: no image-sized array is made.
 * A box without area gives an empty mask with `mmdet`, at least a pixel with `torchvision`.
 * @param box xyxy in pixels of the image
 * Throws MaskError for values that do not fill the mask, and boxes that are not finite.
 */
export function pasteMask(mask: SmallMask, box: ArrayLike<number>, options: PasteOptions): Rle {
  checkPaste(mask, box, options);
  const { size, convention, threshold = 0.5 } = options;
  const builder = new RunBuilder(size);
  stretch(mask, box, options, (x, top, values) => {
    for (let j = 0, from = -1; j <= values.length; j++) {
      const inside = j < values.length && (convention === "torchvision" ? values[j] > threshold : values[j] >= threshold);
      if (inside && from < 0) from = j;
      if (inside || from < 0) continue;
      builder.add(x * size.height + top + from, x * size.height + top + j);
      from = -1;
    }
  });
  return builder.finish();
}

/**
 * Pastes one mask per box.
 * @param masks [n, side, side] probabilities
 * @param boxes [n, 4] xyxy in pixels of the image
 * Throws MaskError when the masks do not fill `n` squares.
 */
export function pasteMasks(masks: Float32Array, boxes: Float32Array, options: PasteOptions): Rle[] {
  const n = boxes.length / 4;
  const side = n === 0 ? 1 : Math.sqrt(masks.length / n);
  if (!Number.isInteger(n) || !Number.isInteger(side) || side * side * n !== masks.length) throw new MaskError(`masks to paste: ${masks.length} values and ${boxes.length} box numbers received; they must be n × side × side and n × 4`);
  return Array.from({ length: n }, (_, i) => {
    const values = masks.subarray(i * side * side, (i + 1) * side * side);
    return pasteMask({ values, height: side, width: side }, boxes.subarray(4 * i, 4 * i + 4), options);
  });
}

/** The stretched values before they are cut. @returns [height, width] row by row, 0 outside the box */
export function pasteValues(mask: SmallMask, box: ArrayLike<number>, options: Omit<PasteOptions, "threshold">): Float32Array {
  checkPaste(mask, box, options);
  const { height, width } = options.size;
  const out = new Float32Array(height * width);
  stretch(mask, box, options, (x, top, values) => values.forEach((value, j) => { out[(top + j) * width + x] = value; }));
  return out;
}
