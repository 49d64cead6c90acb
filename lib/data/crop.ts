import type { Random } from "../tensor/random.ts";
import type { Pixels } from "./dataset.ts";
import type { Size } from "./resize.ts";

/** A part of an image, in its own whole pixels. */
export interface CropBox extends Size {
  readonly x: number;
  readonly y: number;
}

/**
 * How large a random part of an image is, before the image is resized (detectron2's `RandomCrop`, `INPUT.CROP`); it lies
 * anywhere within the image, and may hold no object.
 */
export type Crop =
  /** Sides drawn between this share (0 to 1) and the whole, each on its own. */
  | { readonly kind: "relative-range"; readonly width: number; readonly height: number }
  /** Shares of the sides. */
  | { readonly kind: "relative"; readonly width: number; readonly height: number }
  /** Pixels, or the whole side where it is shorter. */
  | { readonly kind: "absolute"; readonly width: number; readonly height: number }
  /** Sides in pixels drawn from this range, each on its own; the range ends with the image. */
  | { readonly kind: "absolute-range"; readonly from: number; readonly to: number };

function drawSize({ width, height }: Size, crop: Crop, random: Random): Size {
  const share = (side: number, part: number) => Math.max(1, Math.floor(side * part + 0.5));
  const within = (side: number, low: number, high: number) => Math.min(side, low) + random.integer(Math.min(side, high) - Math.min(side, low) + 1);
  switch (crop.kind) {
    case "relative": return { width: share(width, crop.width), height: share(height, crop.height) };
    case "absolute": return { width: Math.min(crop.width, width), height: Math.min(crop.height, height) };
    case "relative-range": {
      const rows = share(height, random.uniform(crop.height, 1));
      return { width: share(width, random.uniform(crop.width, 1)), height: rows };
    }
    case "absolute-range": {
      const rows = within(height, crop.from, crop.to);
      return { width: within(width, crop.from, crop.to), height: rows };
    }
  }
}

/** Draws a part of an image: its height, its width where they are random, then its top and its left. */
export function drawCrop(image: Size, crop: Crop, random: Random): CropBox {
  const size = drawSize(image, crop, random);
  const y = random.integer(image.height - size.height + 1);
  return { ...size, x: random.integer(image.width - size.width + 1), y };
}

const kinds: Readonly<Record<Crop["kind"], readonly string[]>> = {
  "relative-range": ["width", "height"], relative: ["width", "height"], absolute: ["width", "height"], "absolute-range": ["from", "to"],
};

/** Throws RangeError naming the option that is out of range, or that nobody reads. */
export function checkCrop(crop: Crop): void {
  if (!Object.hasOwn(kinds, crop.kind)) throw new RangeError(`transforms: crop.kind received ${JSON.stringify(crop.kind)}, allowed ${Object.keys(kinds).join(", ")}`);
  const unknown = Object.keys(crop).filter((key) => key !== "kind" && !kinds[crop.kind].includes(key));
  if (unknown.length > 0) throw new RangeError(`transforms: crop of kind "${crop.kind}" has no ${unknown.join(", ")}, allowed kind, ${kinds[crop.kind].join(", ")}`);
  const pixels = crop.kind.startsWith("absolute");
  for (const name of kinds[crop.kind]) {
    const value = (crop as unknown as Readonly<Record<string, unknown>>)[name];
    const sound = typeof value === "number" && value > 0 && (pixels ? Number.isSafeInteger(value) : value <= 1);
    if (!sound) throw new RangeError(`transforms: crop.${name} must be ${pixels ? "a whole number of pixels above 0" : "a share above 0 and at most 1"}, received ${JSON.stringify(value)}`);
  }
  if (crop.kind === "absolute-range" && crop.from > crop.to) throw new RangeError(`transforms: crop.from must be at most crop.to, received ${crop.from} and ${crop.to}`);
}

/** The pixels of a part, row by row. */
export function cropPixels({ data, width }: Pixels, { x, y, width: columns, height: rows }: CropBox): Pixels {
  const part = new Uint8Array(rows * columns * 3);
  for (let row = 0; row < rows; row++) {
    const start = ((y + row) * width + x) * 3;
    part.set(data.subarray(start, start + columns * 3), row * columns * 3);
  }
  return { data: part, width: columns, height: rows };
}
