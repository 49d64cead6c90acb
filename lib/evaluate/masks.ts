import { areaOfRle, boxOfRle } from "../tensor/masks/rle.ts";
import type { Rle } from "../tensor/masks/rle.ts";

/** Masks in columns: all run lengths one after another, so that half a million masks are four arrays. */
export interface MaskColumns {
  /** COCO's column-major runs of every mask. */
  readonly counts: Uint32Array;
  /** [n + 1]: mask i has counts[start[i]] … counts[start[i + 1] − 1]. */
  readonly start: Float64Array;
  /** [n, 2] height and width in pixels. */
  readonly size: Int32Array;
}

/** The i-th mask; its counts are a view. */
export function maskAt({ counts, start, size }: MaskColumns, i: number): Rle {
  return { height: size[2 * i], width: size[2 * i + 1], counts: counts.subarray(start[i], start[i + 1]) };
}

/** Collects masks into columns. */
export class MaskBuffer {
  length = 0;
  #used = 0;
  #counts = new Uint32Array(4096);
  #start = new Float64Array(256);
  #size = new Int32Array(512);

  push({ height, width, counts }: Rle): void {
    while (this.#used + counts.length > this.#counts.length) this.#counts = grown(this.#counts, Uint32Array);
    if (this.length + 1 >= this.#start.length) this.#start = grown(this.#start, Float64Array);
    if (2 * this.length + 2 > this.#size.length) this.#size = grown(this.#size, Int32Array);
    this.#counts.set(counts, this.#used);
    this.#used += counts.length;
    this.#size.set([height, width], 2 * this.length);
    this.#start[++this.length] = this.#used;
  }

  /** The masks so far, without a copy. */
  columns(): MaskColumns {
    return { counts: this.#counts.subarray(0, this.#used), start: this.#start.subarray(0, this.length + 1), size: this.#size.subarray(0, 2 * this.length) };
  }
}

interface Growable<Self> { readonly length: number; set(from: Self): void }

function grown<Column extends Growable<Column>>(column: Column, Type: new (length: number) => Column): Column {
  const larger = new Type(2 * column.length);
  larger.set(column);
  return larger;
}

/** Area [n] and tight box [n, 4] xywh of every mask. */
export function measureMasks(masks: MaskColumns): { readonly area: Float64Array; readonly box: Float64Array } {
  const n = masks.start.length - 1;
  const [area, box] = [new Float64Array(n), new Float64Array(4 * n)];
  for (let i = 0; i < n; i++) {
    const mask = maskAt(masks, i);
    area[i] = areaOfRle(mask);
    box.set(boxOfRle(mask), 4 * i);
  }
  return { area, box };
}
