import type { FileHandle } from "node:fs/promises";
import { chmod, mkdir, mkdtemp, open, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import sharp from "sharp";
import type { Dataset } from "./dataset.ts";
import { DatasetError } from "./error.ts";
import { toCocoAnnotation, toCocoImage } from "./ground-truth.ts";

/** One dataset, or the splits of one. */
export type Writable = Dataset | { readonly train: Dataset; readonly val?: Dataset; readonly test?: Dataset };

export interface WriteOptions {
  /** Told after each image. */
  readonly onProgress?: (done: number, total: number) => void;
}

interface Part {
  readonly dataset: Dataset;
  /** Annotation file and image folder, below the target. */
  readonly annotations: string;
  readonly images: string;
}

const together = 8;

function parts(of: Writable): Part[] {
  if ("images" in of) return [{ dataset: of, annotations: "annotations.json", images: "images" }];
  const named = Object.entries(of) as [string, Dataset | undefined][];
  return named.flatMap(([split, dataset]) => (dataset === undefined ? [] : [{ dataset, annotations: `instances_${split}.json`, images: split }]));
}

/** Images are named by id, since PNG copies of `a.jpg` and `a.png` would meet. */
function pngName(id: number): string {
  return `${String(id).padStart(6, "0")}.png`;
}

async function writeImage({ dataset }: Part, index: number, folder: string): Promise<void> {
  const { data, width, height } = await dataset.pixels(index);
  const png = await sharp(data, { raw: { width, height, channels: 3 } }).png().toBuffer();
  await writeFile(join(folder, pngName(dataset.images[index].id)), png);
}

/** A JSON array written in pieces, so that no string grows with the dataset. */
async function writeArray(file: FileHandle, key: string, records: Iterable<unknown>): Promise<void> {
  await file.appendFile(`,\n"${key}": [`);
  let first = true;
  let text = "";
  for (const record of records) {
    text += `${first ? "\n" : ",\n"}${JSON.stringify(record)}`;
    first = false;
    if (text.length < 1 << 20) continue;
    await file.appendFile(text);
    text = "";
  }
  await file.appendFile(`${text}\n]`);
}

function* annotationsOf(dataset: Dataset): Generator<unknown> {
  for (let index = 0; index < dataset.images.length; index++) {
    for (const annotation of dataset.annotations(index)) yield toCocoAnnotation(annotation);
  }
}

async function writeAnnotations({ dataset }: Part, path: string): Promise<void> {
  const file = await open(path, "wx");
  try {
    await file.appendFile(`{"info": ${JSON.stringify({ description: dataset.name, source_hash: dataset.hash })}`);
    await writeArray(file, "images", dataset.images.map((image) => toCocoImage({ ...image, fileName: pngName(image.id) })));
    await writeArray(file, "annotations", annotationsOf(dataset));
    await writeArray(file, "categories", dataset.categories.map(({ id, name }) => ({ id, name })));
    await file.appendFile("\n}\n");
  } finally {
    await file.close();
  }
}

async function writePart(part: Part, folder: string, done: () => void): Promise<void> {
  const images = join(folder, part.images);
  await mkdir(images);
  const count = part.dataset.images.length;
  for (let from = 0; from < count; from += together) {
    const some = Array.from({ length: Math.min(together, count - from) }, (_, k) => from + k);
    const results = await Promise.allSettled(some.map(async (index) => { await writeImage(part, index, images); done(); }));
    const failed = results.find((result) => result.status === "rejected");
    if (failed !== undefined) throw failed.reason;
  }
  await writeAnnotations(part, join(folder, part.annotations));
}

async function requireFree(folder: string): Promise<void> {
  const info = await stat(folder).catch(() => undefined);
  if (info === undefined) return;
  if (!info.isDirectory()) throw new DatasetError(`${folder}: is a file; choose a folder that does not exist`);
  if ((await readdir(folder)).length > 0) throw new DatasetError(`${folder}: is not empty; choose a folder that does not exist, or remove it first`);
}

/**
 * Writes a folder in COCO format that `openCoco` or `openCocoFolder` reads back with the same pixels (PNG):
 * `annotations.json` and `images/`, or for splits `instances_train.json` and `train/`, and so on.
 * The folder appears whole or not at all: it is made beside its place and renamed.
 * Rejects with DatasetError when the folder is not empty or cannot be written.
 */
export async function writeCoco(of: Writable, folder: string, options: WriteOptions = {}): Promise<void> {
  const target = resolve(folder);
  await requireFree(target);
  const all = parts(of);
  const total = all.reduce((sum, part) => sum + part.dataset.images.length, 0);
  let count = 0;
  let partial: string | undefined;
  try {
    await mkdir(dirname(target), { recursive: true });
    partial = await mkdtemp(join(dirname(target), `.${basename(target)}-partial-`));
    for (const part of all) await writePart(part, partial, () => options.onProgress?.(++count, total));
    await chmod(partial, 0o777 & ~process.umask());
    await rename(partial, target);
  } catch (error) {
    if (partial !== undefined) await rm(partial, { recursive: true, force: true });
    if (!(error instanceof Error) || !("code" in error)) throw error;
    const reason = error.code === "ENOSPC" ? "the disk is full; free some space" : `${error.message}; check the folder's permissions and free space`;
    throw new DatasetError(`${target}: cannot be written: ${reason}, or choose another folder`);
  }
}
