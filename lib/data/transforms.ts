import type { Rle } from "../tensor/masks/rle.ts";
import { boxOfRle } from "../tensor/masks/rle.ts";
import type { Random } from "../tensor/random.ts";
import type { Target } from "./batch.ts";
import type { Crop, CropBox } from "./crop.ts";
import { checkCrop, cropPixels, drawCrop } from "./crop.ts";
import type { Annotation, Dataset, Pixels } from "./dataset.ts";
import { imageAt } from "./image-at.ts";
import type { MaskConvention } from "./move-mask.ts";
import { moveMask } from "./move-mask.ts";
import type { Normalisation, NormalisationName, RowWriter } from "./normalise.ts";
import { normalisation } from "./normalise.ts";
import type { Size } from "./resize.ts";
import { resizeRows } from "./resize.ts";
import type { SizeRule } from "./size-rules.ts";
import { edgeSize, paddedSize, sizeRules } from "./size-rules.ts";

/** A number, one of several drawn per image, or uniform between two. */
export type Jittered = number | readonly number[] | { readonly from: number; readonly to: number };

export type Resize =
  /** Size as stored. */
  | { readonly kind: "none" }
  /** Exactly this size; the aspect ratio may change. */
  | { readonly kind: "fixed"; readonly width: number; readonly height: number }
  /** Short edge at `short` (drawn per image; ranges give whole pixels), long edge at most `long`. */
  | { readonly kind: "edge"; readonly short: Jittered; readonly long?: number; readonly rule?: SizeRule }
  /** Both sides times a factor. */
  | { readonly kind: "scale"; readonly factor: Jittered };

/** How images and targets are prepared: plain data, so that an experiment can carry it. */
export interface Transforms {
  /** A random part of the image, in training alone; what lies outside is lost to boxes and masks. Default the whole image. */
  readonly crop?: Crop;
  /** Default `none`. */
  readonly resize?: Resize;
  /** Probability of a left-right mirror; default 0. */
  readonly flip?: number;
  /** Probability of a top-bottom mirror; default 0. */
  readonly verticalFlip?: number;
  /** Batch sides are multiples of this, padded right and below with zeros after normalisation; default 32. */
  readonly padTo?: number;
  /** Default `torchvision`. */
  readonly normalise?: NormalisationName | Normalisation;
}

/** What was drawn for one image. */
export interface Plan extends Size {
  /** The part of the image that is used; the whole by default. */
  readonly crop?: CropBox;
  readonly flipX: boolean;
  readonly flipY: boolean;
}

function drawFrom(value: Jittered, random: Random | undefined, whole: boolean): number {
  if (typeof value === "number") return value;
  const u = random?.next() ?? 0.5;
  if (!("from" in value)) return value[Math.min(value.length - 1, Math.floor(u * value.length))];
  return whole ? value.from + Math.floor(u * (value.to - value.from + 1)) : value.from + u * (value.to - value.from);
}

function resized(size: Size, resize: Resize, random: Random | undefined): Size {
  switch (resize.kind) {
    case "none": return { width: size.width, height: size.height };
    case "fixed": return { width: resize.width, height: resize.height };
    case "edge": return edgeSize(size, drawFrom(resize.short, random, true), resize);
    case "scale": {
      const factor = drawFrom(resize.factor, random, false);
      return { width: Math.max(1, Math.round(size.width * factor)), height: Math.max(1, Math.round(size.height * factor)) };
    }
  }
}

function positive(value: unknown, name: string): void {
  const values = typeof value === "object" && value !== null ? Object.values(value) : [value];
  if (values.length === 0 || !values.every((v) => typeof v === "number" && Number.isFinite(v) && v > 0)) {
    throw new RangeError(`transforms: ${name} must be above 0, received ${JSON.stringify(value)}`);
  }
}

const resizeOptions: Readonly<Record<Resize["kind"], readonly string[]>> = { none: [], fixed: ["width", "height"], edge: ["short", "long", "rule"], scale: ["factor"] };

function checkResize(resize: Resize): void {
  if (!Object.hasOwn(resizeOptions, resize.kind)) throw new RangeError(`transforms: resize.kind received ${JSON.stringify(resize.kind)}, allowed ${Object.keys(resizeOptions).join(", ")}`);
  const allowed = resizeOptions[resize.kind];
  const unknown = Object.keys(resize).filter((key) => key !== "kind" && !allowed.includes(key));
  if (unknown.length > 0) throw new RangeError(`transforms: resize of kind "${resize.kind}" has no ${unknown.join(", ")}, allowed ${["kind", ...allowed].join(", ")}`);
  if (resize.kind === "fixed") { positive(resize.width, "resize.width"); positive(resize.height, "resize.height"); }
  if (resize.kind === "edge") {
    positive(resize.short, "resize.short");
    positive(resize.long ?? 1, "resize.long");
    if (resize.rule !== undefined && !sizeRules.includes(resize.rule)) throw new RangeError(`transforms: resize.rule received ${JSON.stringify(resize.rule)}, allowed ${sizeRules.join(", ")}`);
  }
  if (resize.kind === "scale") positive(resize.factor, "resize.factor");
}

/** Throws RangeError naming the option that is out of range, or that nobody reads. */
export function checkTransforms({ crop, resize, flip = 0, verticalFlip = 0, padTo = 32, normalise }: Transforms): void {
  for (const [name, p] of [["flip", flip], ["verticalFlip", verticalFlip]] as const) {
    if (!(p >= 0 && p <= 1)) throw new RangeError(`transforms: ${name} is a probability from 0 to 1, received ${p}`);
  }
  if (!Number.isInteger(padTo) || padTo < 1) throw new RangeError(`transforms: padTo must be a whole number above 0, received ${padTo}`);
  if (crop !== undefined) checkCrop(crop);
  if (resize !== undefined) checkResize(resize);
  if (normalise !== undefined) normalisation(normalise);
}

/**
 * Draws part, size and mirrors for one image. Without a random stream (evaluation) nothing is cut off or mirrored and a
 * jittered size is its middle. Always draws in the same order: part, size, flip, vertical flip.
 */
export function plan(size: Size, transforms: Transforms, random?: Random): Plan {
  const crop = random && transforms.crop && drawCrop(size, transforms.crop, random);
  const to = resized(crop ?? size, transforms.resize ?? { kind: "none" }, random);
  const flipX = random !== undefined && random.next() < (transforms.flip ?? 0);
  const flipY = random !== undefined && random.next() < (transforms.verticalFlip ?? 0);
  return { ...to, flipX, flipY, ...(crop && { crop }) };
}

/**
 * Moves a box as its pixels move: cut out, both axes scaled on their own, mirrored (x' = width − x), clipped to the image.
 * @returns xyxy in pixels of the planned image
 */
export function moveBox(xywh: Annotation["xywh"], from: Size, to: Plan): [number, number, number, number] {
  const part = to.crop ?? { x: 0, y: 0, ...from };
  const [x, y, w, h] = [xywh[0] - part.x, xywh[1] - part.y, xywh[2], xywh[3]];
  const sx = to.width / part.width, sy = to.height / part.height;
  const clip = (v: number, side: number) => Math.min(Math.max(v, 0), side);
  const [x1, x2] = [clip(x * sx, to.width), clip((x + w) * sx, to.width)];
  const [y1, y2] = [clip(y * sy, to.height), clip((y + h) * sy, to.height)];
  return [to.flipX ? to.width - x2 : x1, to.flipY ? to.height - y2 : y1, to.flipX ? to.width - x1 : x2, to.flipY ? to.height - y1 : y2];
}

export interface TargetOptions {
  /** Category id → position in `Dataset.categories`. */
  readonly labels: ReadonlyMap<number, number>;
  /** Make masks, in this way; none by default. */
  readonly masks?: MaskConvention;
}

/**
 * The targets of one image under a plan. Crowd regions are left out, as are boxes without area after clipping. Of a cut-out
 * part with masks, objects without a pixel are left out, too, and boxes are drawn anew around the masks (detectron2).
 */
export function moveTargets(dataset: Dataset, index: number, to: Plan, { labels, masks }: TargetOptions): Target {
  const image = imageAt(dataset.images, index);
  const objects = dataset.annotations(index).filter((a) => !a.crowd).map((a) => ({ annotation: a, box: moveBox(a.xywh, image, to), label: labels.get(a.categoryId)! }));
  const inside = objects.filter(({ box }) => box[2] > box[0] && box[3] > box[1]);
  const masked = masks === undefined ? inside : inside.map((object) => ({ ...object, mask: moveMask(object.annotation, image, { to, convention: masks }) }));
  const solid: readonly Moved[] = to.crop === undefined ? masked : masked.flatMap(tightened);
  const part = to.crop ?? image;
  return {
    image: index,
    imageId: image.id,
    boxes: Float32Array.from(solid.flatMap(({ box }) => box)),
    labels: Int32Array.from(solid.map(({ label }) => label)),
    ...(masks !== undefined && { masks: solid.map(({ mask }) => mask!) }),
    width: to.width,
    height: to.height,
    scaleX: to.width / part.width,
    scaleY: to.height / part.height,
    flipped: to.flipX,
    ...(to.crop && { crop: { x: to.crop.x, y: to.crop.y } }),
  };
}

interface Moved {
  readonly box: readonly [number, number, number, number];
  readonly label: number;
  readonly mask?: Rle;
}

/** An object of a cut-out part with the box of its mask; nothing when no pixel is left. */
function tightened(object: Moved): Moved[] {
  if (object.mask === undefined) return [object];
  const [x, y, width, height] = boxOfRle(object.mask);
  return width === 0 ? [] : [{ ...object, box: [x, y, x + width, y + height] }];
}

/**
 * Writes an image, cut out, resized, mirrored and normalised, into a batch.
 * @param out [B, H, W, 3]
 * @param offset element at which this image starts
 * @param rowLength 3·W
 */
export function paint(pixels: Pixels, to: Plan, write: RowWriter, into: { readonly out: Float32Array; readonly offset: number; readonly rowLength: number }): void {
  const part = to.crop === undefined ? pixels : cropPixels(pixels, to.crop);
  resizeRows(part.data, part, to, 3, (row, y) => {
    write(row, into.out, into.offset + (to.flipY ? to.height - 1 - y : y) * into.rowLength, to.flipX);
  });
}

/** Size of a batch that holds these images, padded to `padTo`. */
export function batchSizeOf(sizes: readonly Size[], padTo = 32): Size {
  return paddedSize({ width: Math.max(...sizes.map((s) => s.width)), height: Math.max(...sizes.map((s) => s.height)) }, padTo);
}
