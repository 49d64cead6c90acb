import { isAbsolute, normalize } from "node:path";
import { checkPolygon } from "../tensor/masks/polygon.ts";
import { MaskError } from "../tensor/masks/rle.ts";
import { rleFrom } from "../tensor/masks/segmentation.ts";
import type { CocoRle } from "../tensor/masks/segmentation.ts";
import type { Annotation, Category, ImageInfo, Segmentation } from "./dataset.ts";
import { DatasetError, shown } from "./error.ts";

/** A record that breaks the format; `subject` is for example `annotation 12`. */
export interface Complaint {
  readonly subject: string;
  readonly field: string;
  readonly received: unknown;
  readonly allowed: string;
  readonly remedy: string;
}

export class RecordError extends Error {
  override name = "RecordError";
  readonly complaint: Complaint;
  constructor(complaint: Complaint) {
    super(`${complaint.subject}, field "${complaint.field}": received ${shown(complaint.received)}, allowed ${complaint.allowed}; ${complaint.remedy}`);
    this.complaint = complaint;
  }
  /** The same complaint with the file's name, as callers see it. */
  in(file: string): DatasetError {
    return new DatasetError(`${file}: ${this.message}`);
  }
}

/** Boxes may leave the image by this many pixels: COCO's own do so by rounding. Kept as read, clipped where targets are made. */
export const boxTolerance = 2;

type Fields = Readonly<Record<string, unknown>>;

function fields(value: unknown): Fields {
  return value as Fields;
}

function refuse(subject: string, field: string, received: unknown, allowed: string, remedy = "correct the file"): never {
  throw new RecordError({ subject, field, received, allowed, remedy });
}

function identifier(record: Fields, field: string, subject: string): number {
  const value = record[field];
  return Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : refuse(subject, field, value, "an integer of at least 0");
}

function text(record: Fields, field: string, subject: string): string {
  const value = record[field];
  return typeof value === "string" && value !== "" ? value : refuse(subject, field, value, "a text that is not empty");
}

function size(record: Fields, field: string, subject: string): number {
  const value = record[field];
  return Number.isSafeInteger(value) && (value as number) > 0 ? (value as number) : refuse(subject, field, value, "a whole number of pixels above 0");
}

/** `position` counts from 0 and names records that have no usable id. */
function ownId(record: Fields, kind: string, position: number): number {
  return identifier(record, "id", `${kind} at position ${position} of "${kind === "category" ? "categories" : `${kind}s`}"`);
}

export function parseCategory(value: unknown, position: number): Category {
  const record = fields(value);
  const id = ownId(record, "category", position);
  return { id, name: text(record, "name", `category ${id}`) };
}

/** Refuses file names that would leave the image folder. */
export function parseImage(value: unknown, position: number): ImageInfo {
  const record = fields(value);
  const id = ownId(record, "image", position);
  const subject = `image ${id}`;
  const fileName = text(record, "file_name", subject);
  if (isAbsolute(fileName) || normalize(fileName).startsWith("..")) refuse(subject, "file_name", fileName, "a path below the image folder");
  return { id, fileName, width: size(record, "width", subject), height: size(record, "height", subject) };
}

/** Pixels by which a box leaves its image. */
export function overhang(xywh: readonly [number, number, number, number], image: ImageInfo): number {
  const [x, y, w, h] = xywh;
  return Math.max(0, -x, -y, x + w - image.width, y + h - image.height);
}

function parseBox(value: unknown, image: ImageInfo, subject: string): [number, number, number, number] {
  if (!Array.isArray(value) || value.length !== 4 || !value.every((v) => typeof v === "number" && Number.isFinite(v))) {
    refuse(subject, "bbox", value, "four finite numbers [x, y, width, height] in pixels");
  }
  const box = value as [number, number, number, number];
  const [x, y, w, h] = box;
  if (w < 0 || h < 0) refuse(subject, "bbox", box, "a width and height of at least 0", "COCO boxes are [x, y, width, height], not corners; correct the file");
  const nowhere = Math.min(x + w, image.width) < Math.max(x, 0) || Math.min(y + h, image.height) < Math.max(y, 0);
  if (overhang(box, image) > boxTolerance || nowhere) {
    refuse(subject, "bbox", box, `a box inside image ${image.id}, ${image.width}×${image.height} pixels (${boxTolerance} pixels beyond are taken as rounding)`, 'correct the file, or open it with onInvalid "drop" to leave such boxes out');
  }
  return box;
}

/** Why a segmentation cannot be a mask of the image, or undefined. */
function maskComplaint(value: unknown, image: ImageInfo): string | undefined {
  try {
    if (Array.isArray(value)) value.forEach((xy, i) => checkPolygon(Array.isArray(xy) ? (xy as number[]) : [], `polygon ${i}`));
    else rleFrom(asRle(value), image, "the mask");
    return undefined;
  } catch (error) {
    if (error instanceof MaskError) return error.message;
    throw error;
  }
}

/** Throws MaskError unless the value is an object with counts and a size. */
function asRle(value: unknown): CocoRle {
  const { counts, size } = typeof value === "object" && value !== null ? fields(value) : {};
  if ((typeof counts !== "string" && !Array.isArray(counts)) || !Array.isArray(size)) throw new MaskError("the mask has no counts or no size");
  return { counts: counts as string | number[], size: size as number[] };
}

function parseSegmentation(value: unknown, image: ImageInfo, subject: string): Segmentation | undefined {
  if (value === undefined || value === null || (Array.isArray(value) && value.length === 0)) return undefined;
  const complaint = maskComplaint(value, image);
  if (complaint !== undefined) refuse(subject, "segmentation", value, `polygons [[x, y, …], …] of at least three points, or run lengths {counts, size: [${image.height}, ${image.width}]} that cover the image`, `${complaint}; correct the file, or open it with \`masks: false\` if boxes are enough`);
  return value as Segmentation;
}

function parseArea(value: unknown, box: readonly number[], subject: string): number {
  if (value === undefined || value === null) return box[2] * box[3];
  return typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : refuse(subject, "area", value, "a finite number of pixels² of at least 0");
}

function parseCrowd(value: unknown, subject: string): boolean {
  if (value === undefined || value === 0 || value === false) return false;
  return value === 1 || value === true || refuse(subject, "iscrowd", value, "0 or 1");
}

/**
 * Validates one annotation of one of `images`; the category is checked by `requireCategory`, since COCO's own files put
 * categories last. A missing `area` is the box's, a missing `iscrowd` 0.
 * @param masks false leaves `segmentation` out
 * Throws RecordError.
 */
export function parseAnnotation(value: unknown, position: number, images: ReadonlyMap<number, ImageInfo>, masks: boolean): Annotation {
  const record = fields(value);
  const id = ownId(record, "annotation", position);
  const subject = `annotation ${id}`;
  const imageId = identifier(record, "image_id", subject);
  const image = images.get(imageId) ?? refuse(subject, "image_id", imageId, 'the id of one of "images"');
  const categoryId = identifier(record, "category_id", subject);
  const xywh = parseBox(record.bbox, image, subject);
  const base = { id, imageId, categoryId, xywh, area: parseArea(record.area, xywh, subject), crowd: parseCrowd(record.iscrowd, subject) };
  const segmentation = masks ? parseSegmentation(record.segmentation, image, subject) : undefined;
  return segmentation === undefined ? base : { ...base, segmentation };
}

/** Throws RecordError unless the annotation's category exists. */
export function requireCategory(annotation: Annotation, categories: ReadonlyMap<number, Category>): void {
  if (categories.has(annotation.categoryId)) return;
  const known = [...categories.keys()];
  refuse(`annotation ${annotation.id}`, "category_id", annotation.categoryId, `the id of one of "categories" (${known.slice(0, 10).join(", ")}${known.length > 10 ? ", …" : ""})`);
}
