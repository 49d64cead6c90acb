/**
 * A binary mask in COCO's run lengths: pixels column by column (down, then right), runs of background and object in turn,
 * beginning with background, so that the first run may be 0. The runs add up to `height · width`.
 */
export interface Rle {
  /** Pixels. */
  readonly height: number;
  /** Pixels. */
  readonly width: number;
  readonly counts: Uint32Array;
}

/** Rows and columns in pixels. */
export interface MaskSize {
  readonly height: number;
  readonly width: number;
}

/** A mask that contradicts its format; the message says what, what was received, what is allowed. */
export class MaskError extends RangeError {
  override name = "MaskError";
}

/** Most pixels that a mask may have: COCO's counts are 32-bit numbers. */
const MOST_PIXELS = 2 ** 32 - 1;

/** Throws MaskError unless both sides are whole numbers above 0, of at most 2^32 − 1 pixels together. */
export function checkMaskSize({ height, width }: MaskSize, what = "mask"): void {
  const sound = [height, width].every((side) => Number.isSafeInteger(side) && side > 0) && height * width <= MOST_PIXELS;
  if (!sound) throw new MaskError(`${what}: the size received is ${height} × ${width} (height × width), allowed are whole numbers above 0 with at most 2^32 − 1 pixels`);
}

/**
 * Run lengths checked and copied into an `Rle`, otherwise as given.
 * Throws MaskError for runs that are no whole numbers of at least 0 or do not add up to the mask's pixels.
 */
export function rleFromCounts(counts: ArrayLike<number>, size: MaskSize, what = "mask"): Rle {
  const { height, width } = size;
  checkMaskSize(size, what);
  const kept = new Uint32Array(counts.length);
  let sum = 0;
  for (let i = 0; i < kept.length; i++) {
    const count = counts[i];
    if (!Number.isInteger(count) || count < 0) throw new MaskError(`${what}: run ${i} is ${String(count)}, allowed are whole numbers of at least 0`);
    sum += count;
    if (sum > height * width) break;
    kept[i] = count;
  }
  if (sum !== height * width) throw new MaskError(`${what}: its runs add up to ${sum > height * width ? "more than " : ""}${Math.min(sum, height * width)} pixels, but ${height} × ${width} has ${height * width}; size is [height, width]`);
  return { height, width, counts: kept };
}

/**
 * Encodes a dense mask; every value but 0 belongs to the object.
 * @param mask [height, width] row by row
 */
export function encodeRle(mask: ArrayLike<number | boolean>, size: MaskSize): Rle {
  const { height, width } = size;
  checkMaskSize(size);
  if (mask.length !== height * width) throw new MaskError(`mask: ${mask.length} values received, ${height} × ${width} needs ${height * width}`);
  const builder = new RunBuilder(size);
  for (let x = 0, at = 0; x < width; x++) {
    for (let y = 0; y < height; y++, at++) builder.set(at, Boolean(mask[y * width + x]));
  }
  return builder.finish();
}

/** @returns [height, width] row by row, 1 inside the object and 0 outside */
export function decodeRle({ height, width, counts }: Rle): Uint8Array {
  const mask = new Uint8Array(height * width);
  forEachRun({ height, width, counts }, (x, from, to) => {
    for (let y = from, at = from * width + x; y < to; y++, at += width) mask[at] = 1;
  });
  return mask;
}

/** Calls `visit(x, from, to)` for each stretch of object in a column, rows from ≤ y < to: columns ascending, rows ascending. */
export function forEachRun({ height, counts }: Rle, visit: (x: number, from: number, to: number) => void): void {
  let at = 0;
  for (let i = 0; i < counts.length; i++) {
    const end = at + counts[i];
    if ((i & 1) === 1) {
      while (at < end) {
        const x = Math.floor(at / height);
        const stop = Math.min(end, (x + 1) * height);
        visit(x, at - x * height, stop - x * height);
        at = stop;
      }
    }
    at = end;
  }
}

/** Pixels of the object. */
export function areaOfRle({ counts }: Pick<Rle, "counts">): number {
  let area = 0;
  for (let i = 1; i < counts.length; i += 2) area += counts[i];
  return area;
}

/** Tight box [x, y, width, height] in pixels; zeros for an empty mask. */
export function boxOfRle({ height, width, counts }: Rle): [number, number, number, number] {
  let [left, top, right, bottom] = [width, height, -1, -1];
  for (let i = 1, at = counts[0]; i < counts.length; at += counts[i] + (counts[i + 1] ?? 0), i += 2) {
    if (counts[i] === 0) continue;
    const last = at + counts[i] - 1;
    const [x1, x2] = [Math.floor(at / height), Math.floor(last / height)];
    left = Math.min(left, x1);
    right = Math.max(right, x2);
    // A run that goes on in the next column touches the last row and the first.
    top = x1 < x2 ? 0 : Math.min(top, at - x1 * height);
    bottom = x1 < x2 ? height - 1 : Math.max(bottom, last - x2 * height);
  }
  return right < 0 ? [0, 0, 0, 0] : [left, top, right - left + 1, bottom - top + 1];
}

/** A mask without object. */
export function emptyRle({ height, width }: MaskSize): Rle {
  checkMaskSize({ height, width });
  return { height, width, counts: Uint32Array.of(height * width) };
}

/** Builds run lengths from stretches or pixels in column order; runs that touch are joined, none is empty but the first. */
export class RunBuilder {
  readonly #size: MaskSize;
  readonly #counts: number[] = [];
  /** Where the last run written ends. */
  #end = 0;

  constructor(size: MaskSize) {
    this.#size = size;
  }

  /** Adds the stretch [from, to) of object, in pixels counted down the columns; it may not begin before the last one ends. */
  add(from: number, to: number): void {
    if (to <= from) return;
    if (from === this.#end && this.#counts.length > 0) this.#counts[this.#counts.length - 1] += to - from;
    else this.#counts.push(from - this.#end, to - from);
    this.#end = to;
  }

  /** Adds one pixel. */
  set(at: number, inside: boolean): void {
    if (inside) this.add(at, at + 1);
  }

  finish(): Rle {
    const { height, width } = this.#size;
    if (this.#end < height * width) this.#counts.push(height * width - this.#end);
    return { height, width, counts: Uint32Array.from(this.#counts) };
  }
}
