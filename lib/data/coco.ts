import { createHash } from "node:crypto";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { findAnnotations, findImageFolder } from "./coco-paths.ts";
import { RecordError, overhang, parseAnnotation, parseCategory, parseImage, requireCategory } from "./coco-records.ts";
import type { Annotation, Category, Dataset, ImageInfo } from "./dataset.ts";
import { decodeImage } from "./decode.ts";
import { DatasetError } from "./error.ts";
import { imageAt } from "./image-at.ts";
import { readSections } from "./json-sections.ts";

export interface CocoOptions {
  /** Annotation file; default: found below `path`. */
  readonly annotations?: string;
  /** Image folder; default: found beside the annotations. */
  readonly images?: string;
  /** Which of a folder's annotation files: default the only one. */
  readonly split?: "train" | "val" | "test";
  /** What happens to annotations and images that break the format: an error (default), or they are left out and counted. */
  readonly onInvalid?: "refuse" | "drop";
  /** Keep `segmentation` (default true); false saves about half the memory. */
  readonly masks?: boolean;
  /** Check on opening that every image file exists, and hash its size (default true); else the hash is of the annotations alone. */
  readonly checkFiles?: boolean;
}

/** What was found on reading; the counts are of annotations unless they say otherwise. */
export interface CocoReport {
  readonly file: string;
  readonly imageFolder: string;
  readonly annotations: number;
  readonly crowds: number;
  /** Boxes that leave their image by up to 2 pixels: kept as read, clipped where targets are made. */
  readonly overhanging: number;
  /** Boxes of width or height 0, left out (COCO 2017 train holds two): nothing can be learnt from or matched to them. */
  readonly degenerate: number;
  /** Left out because of `onInvalid: "drop"`, by field; `file_name` counts images. */
  readonly dropped: Readonly<Record<string, number>>;
}

/** A dataset read from a COCO-format file. */
export interface CocoDataset extends Dataset {
  readonly report: CocoReport;
}

const sections = ["images", "categories", "annotations"] as const;

/** What was read so far. Annotations that stand before the images they speak of wait, unparsed. */
interface Collected {
  readonly images: Map<number, ImageInfo>;
  readonly categories: Map<number, Category>;
  readonly annotations: Map<number, Annotation>;
  readonly waiting: unknown[];
  readonly dropped: Record<string, number>;
  overhanging: number;
  degenerate: number;
  position: number;
}

function addUnique<T extends { readonly id: number }>(map: Map<number, T>, record: T, kind: string): void {
  if (map.has(record.id)) throw new RecordError({ subject: `${kind} ${record.id}`, field: "id", received: record.id, allowed: `an id that no other ${kind} has`, remedy: "correct the file" });
  map.set(record.id, record);
}

/** Runs a check; its complaint is thrown, or counted when invalid records are to be dropped. False: dropped. */
function passes(into: Collected, options: CocoOptions, check: () => void): boolean {
  try {
    check();
    return true;
  } catch (error) {
    if (!(error instanceof RecordError) || options.onInvalid !== "drop") throw error;
    const { field } = error.complaint;
    into.dropped[field] = (into.dropped[field] ?? 0) + 1;
    return false;
  }
}

function addAnnotation(into: Collected, value: unknown, options: CocoOptions): void {
  const annotation = parseAnnotation(value, into.position++, into.images, options.masks ?? true);
  if (annotation.xywh[2] === 0 || annotation.xywh[3] === 0) { into.degenerate++; return; }
  addUnique(into.annotations, annotation, "annotation");
  if (overhang(annotation.xywh, into.images.get(annotation.imageId)!) > 0) into.overhanging++;
}

function requireSections(file: string, rest: Readonly<Record<string, unknown>>): void {
  for (const key of sections) {
    if (!Array.isArray(rest[key])) throw new DatasetError(`${file}: key "${key}" is ${key in rest ? "not an array" : "missing"}; a COCO file has ${sections.join(", ")}`);
  }
}

async function collect(file: string, options: CocoOptions): Promise<{ collected: Collected; hash: string }> {
  const into: Collected = { images: new Map(), categories: new Map(), annotations: new Map(), waiting: [], dropped: {}, overhanging: 0, degenerate: 0, position: 0 };
  const add = (value: unknown) => passes(into, options, () => addAnnotation(into, value, options));
  const visit = (section: string, element: unknown) => {
    if (section === "images") addUnique(into.images, parseImage(element, into.images.size), "image");
    else if (section === "categories") addUnique(into.categories, parseCategory(element, into.categories.size), "category");
    else if (into.images.size === 0) into.waiting.push(element);
    else add(element);
  };
  try {
    const { sha256, rest } = await readSections(file, sections, visit);
    requireSections(file, rest);
    into.waiting.forEach(add);
    for (const annotation of into.annotations.values()) {
      if (!passes(into, options, () => requireCategory(annotation, into.categories))) into.annotations.delete(annotation.id);
    }
    return { collected: into, hash: sha256 };
  } catch (error) {
    throw error instanceof RecordError ? error.in(file) : error;
  }
}

/** Bytes of every image file by image id; absent files are left out. */
async function fileSizes(folder: string, images: readonly ImageInfo[]): Promise<Map<number, number>> {
  const sizes = new Map<number, number>();
  const atOnce = 256;
  for (let from = 0; from < images.length; from += atOnce) {
    await Promise.all(images.slice(from, from + atOnce).map(async ({ id, fileName }) => {
      const file = await stat(join(folder, fileName)).catch(() => undefined);
      if (file?.isFile()) sizes.set(id, file.size);
    }));
  }
  return sizes;
}

/** Refuses (or drops) images whose file is absent; returns the sizes of the others. */
async function checkFiles(file: string, folder: string, into: Collected, options: CocoOptions): Promise<ReadonlyMap<number, number>> {
  const all = [...into.images.values()];
  const sizes = await fileSizes(folder, all);
  const missing = all.filter(({ id }) => !sizes.has(id));
  if (missing.length === 0) return sizes;
  if (options.onInvalid !== "drop") {
    const [first] = missing;
    const more = missing.length === 1 ? "" : ` (and of ${missing.length - 1} more of ${into.images.size} images)`;
    throw new DatasetError(`${file}: image ${first.id}, field "file_name": ${join(folder, first.fileName)} is missing${more}; fetch the images or name their folder`);
  }
  into.dropped.file_name = missing.length;
  for (const image of missing) into.images.delete(image.id);
  for (const annotation of into.annotations.values()) if (!into.images.has(annotation.imageId)) into.annotations.delete(annotation.id);
  return sizes;
}

const byId = (a: { readonly id: number }, b: { readonly id: number }) => a.id - b.id;

function groupByImage(images: readonly ImageInfo[], annotations: Iterable<Annotation>): Annotation[][] {
  const index = new Map(images.map((image, i) => [image.id, i]));
  const groups: Annotation[][] = images.map(() => []);
  for (const annotation of annotations) groups[index.get(annotation.imageId)!].push(annotation);
  for (const group of groups) group.sort(byId);
  return groups;
}

/**
 * SHA-256 over the annotation file's hash, the ids that are left when records were left out, and each image's name and size
 * in bytes: other pixels nearly always have another size, and neither depends on the machine, as times of writing do.
 */
function contentHash(annotations: string, { images, annotations: kept, dropped }: Collected, sizes: ReadonlyMap<number, number>): string {
  const hash = createHash("sha256").update(annotations);
  if (Object.keys(dropped).length > 0) hash.update(` ${[...images.keys()].join(",")} ${[...kept.keys()].join(",")}`);
  for (const { id, fileName } of [...images.values()].sort(byId)) hash.update(`\n${JSON.stringify(fileName)} ${sizes.get(id) ?? "?"}`);
  return hash.digest("hex");
}

/**
 * Opens one COCO-format annotation file and its images.
 * @param path the annotation file, or a folder that holds one (or several, chosen by `split`)
 * Rejects with DatasetError naming file, record and field when the file is broken (see `CocoOptions.onInvalid`).
 */
export async function openCoco(path: string, options: CocoOptions = {}): Promise<CocoDataset> {
  const file = options.annotations ?? (await findAnnotations(path, options.split));
  const { collected, hash } = await collect(file, options);
  const imageFolder = options.images ?? (await findImageFolder(file, path, [...collected.images.values()]));
  const sizes = (options.checkFiles ?? true) ? await checkFiles(file, imageFolder, collected, options) : new Map<number, number>();
  const images = [...collected.images.values()].sort(byId);
  if (images.length === 0) throw new DatasetError(`${file}: "images" holds no usable image; a dataset needs at least one`);
  const annotations = [...collected.annotations.values()];
  const groups = groupByImage(images, annotations);
  const { overhanging, degenerate, dropped } = collected;
  return {
    name: file,
    hash: contentHash(hash, collected, sizes),
    categories: [...collected.categories.values()].sort(byId),
    images,
    report: { file, imageFolder, annotations: annotations.length, crowds: annotations.filter((a) => a.crowd).length, overhanging, degenerate, dropped },
    annotations: (index) => { imageAt(images, index); return groups[index]; },
    pixels: async (index) => { const image = imageAt(images, index); return decodeImage(join(imageFolder, image.fileName), image); },
  };
}
