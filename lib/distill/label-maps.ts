import type { Target } from "../data/batch.ts";

export interface LabelMapOptions {
  /** Size in pixels of the padded batch image. */
  readonly height: number;
  readonly width: number;
  /** The classes that get a channel, in this order; boxes of others are left out. */
  readonly classes: readonly number[];
  /** Multiplies a box's values: by the position of its image in the batch and its own in the image. Default 1. */
  readonly factor?: (image: number, box: number) => number;
  /**
   * A box of no width or height: `skip` (default) draws nothing; `official` divides by 0 as LabelEnc's code does, which makes its
   * class's whole channel NaN.
   */
  readonly emptyBoxes?: "skip" | "official";
}

/** The classes of a batch's boxes, ascending; class 0 where there are none. */
export function presentClasses(targets: readonly Pick<Target, "labels">[]): number[] {
  const found = [...new Set(targets.flatMap(({ labels }) => [...labels]))].sort((a, b) => a - b);
  return found.length > 0 ? found : [0];
}

/**
 * LabelEnc's label map (Hao et al., ECCV 2020, section 3.2): where a box covers pixel (x, y), its class's channel holds
 * 1 − max(|x − cx| / w, |y − cy| / h), which is 1 in its centre and ½ at its edge, elsewhere 0; the largest of boxes of one class.
 * Pixels count without a half offset, in float32.
 * @returns [B, height, width, classes]
 * @throws Error for boxes that are not finite
 */
export function labelMaps(targets: readonly Pick<Target, "boxes" | "labels">[], { height, width, classes, factor = () => 1, emptyBoxes = "skip" }: LabelMapOptions): Float32Array {
  const out = new Float32Array(targets.length * height * width * classes.length);
  const area: Area = { out, height, width, channels: classes.length };
  targets.forEach(({ boxes, labels }, image) => labels.forEach((label, i) => {
    const box = [...boxes.subarray(4 * i, 4 * i + 4)];
    if (box.length !== 4 || !box.every(Number.isFinite)) throw new Error(`label maps: box ${i} of image ${image} is [${box.join(", ")}]; needed: four finite numbers x1, y1, x2, y2`);
    const channel = classes.indexOf(label);
    const empty = box[2] <= box[0] || box[3] <= box[1];
    if (channel < 0 || (empty && emptyBoxes === "skip")) return;
    draw(area, image * height * width * classes.length + channel, profile(box, { whole: empty }), Math.fround(factor(image, i)));
  }));
  return out;
}

interface Area {
  readonly out: Float32Array;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/** Distance from the centre in extents, along each axis, and the pixels in question. */
interface Profile {
  readonly x: (pixel: number) => number;
  readonly y: (pixel: number) => number;
  readonly columns: readonly [number, number];
  readonly rows: readonly [number, number];
}

function profile([x1, y1, x2, y2]: readonly number[], { whole }: { readonly whole: boolean }): Profile {
  const f = Math.fround;
  const axis = (low: number, high: number) => {
    const [extent, centre] = [f(high - low), f(f(low + high) / 2)];
    return (pixel: number) => f(f(Math.abs(f(pixel - centre))) / extent);
  };
  const range = (low: number, high: number): [number, number] => (whole ? [0, Infinity] : [Math.floor(low) - 1, Math.ceil(high) + 1]);
  return { x: axis(x1, x2), y: axis(y1, y2), columns: range(x1, x2), rows: range(y1, y2) };
}

function draw({ out, height, width, channels }: Area, start: number, { x, y, columns, rows }: Profile, factor: number): void {
  const [left, right] = [Math.max(columns[0], 0), Math.min(columns[1], width - 1)];
  const across = Float32Array.from({ length: Math.max(right - left + 1, 0) }, (_, i) => x(left + i));
  for (let row = Math.max(rows[0], 0); row <= Math.min(rows[1], height - 1); row++) {
    const down = y(row);
    for (let column = left; column <= right; column++) {
      const value = Math.fround(1 - Math.max(across[column - left], down));
      const at = start + (row * width + column) * channels;
      // −∞ · 0 is NaN: an empty box's value outside its axis, as the official mask by multiplication leaves it.
      out[at] = Math.max(out[at], value >= 0.5 ? Math.fround(value * factor) : value * 0);
    }
  }
}
