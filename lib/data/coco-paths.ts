import { existsSync } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { basename, dirname, isAbsolute, join, resolve } from "node:path";
import type { ImageInfo } from "./dataset.ts";
import { DatasetError } from "./error.ts";

export type SplitName = "train" | "val" | "test";

const words: Readonly<Record<SplitName, RegExp>> = {
  train: /(^|[^a-z])train(ing)?(20\d\d)?([^a-z]|$)/i,
  val: /(^|[^a-z])val(id|idation)?(20\d\d)?([^a-z]|$)/i,
  test: /(^|[^a-z])test(ing)?(20\d\d)?([^a-z]|$)/i,
};

/** COCO's other tasks, results and a Croissant file live beside its instances. */
const otherTask = /croissant|caption|keypoint|panoptic|stuff|image_info|result|detection/i;

async function jsonFiles(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => [] as string[]);
  return names.filter((name) => name.endsWith(".json")).sort().map((name) => join(folder, name));
}

/** Annotation files at the usual places: the folder, its `annotations/`, and Roboflow's `train/`, `valid/`, `test/`. */
async function annotationFiles(folder: string): Promise<string[]> {
  const places = ["", "annotations", "train", "val", "valid", "test"];
  const files = (await Promise.all(places.map((place) => jsonFiles(join(folder, place))))).flat();
  const own = files.filter((file) => !otherTask.test(basename(file)));
  return own.length > 0 ? own : files;
}

/** The part of a path that names a split: the file's own name, else its folder's. */
function splitOf(file: string): SplitName | undefined {
  const named = (text: string) => (Object.keys(words) as SplitName[]).find((split) => words[split].test(text));
  return named(basename(file)) ?? named(basename(dirname(file)));
}

function choose(files: readonly string[], folder: string, what: string): string {
  const instances = files.filter((file) => basename(file).startsWith("instances"));
  const candidates = instances.length > 0 ? instances : files;
  if (candidates.length === 1) return candidates[0];
  throw new DatasetError(`${folder}: several ${what} annotation files (${candidates.join(", ")}); name the one you mean`);
}

/** The annotation files of a folder by split; `single` when none says which split it is. */
export async function annotationsBySplit(folder: string): Promise<Partial<Record<SplitName | "single", string>>> {
  const files = await annotationFiles(folder);
  const found: Partial<Record<SplitName | "single", string>> = {};
  for (const split of ["train", "val", "test"] as const) {
    const own = files.filter((file) => splitOf(file) === split);
    if (own.length > 0) found[split] = choose(own, folder, split);
  }
  const rest = files.filter((file) => splitOf(file) === undefined);
  if (Object.keys(found).length === 0 && rest.length > 0) found.single = choose(rest, folder, "possible");
  if (Object.keys(found).length === 0) throw new DatasetError(`${folder}: no COCO annotation file; expected instances_train.json and instances_val.json (or annotations/instances_train2017.json, …, or one annotations.json)`);
  return found;
}

/** Whether `path` is a file or a folder; rejects when it is neither. */
export async function requirePath(path: string): Promise<"file" | "folder"> {
  const info = await stat(path).catch(() => undefined);
  const from = isAbsolute(path) ? "" : `; "${path}" was looked for from ${process.cwd()} (a notebook's folder, unless potstill run has --cwd), an absolute path holds everywhere`;
  if (info === undefined) throw new DatasetError(`${resolve(path)}: no such dataset; give a folder in COCO format or an annotation file${from}`);
  return info.isDirectory() ? "folder" : "file";
}

/** The annotation file that `path` is or holds. */
export async function findAnnotations(path: string, split?: SplitName): Promise<string> {
  if ((await requirePath(path)) === "file") return path;
  const found = await annotationsBySplit(path);
  const names = Object.keys(found) as (keyof typeof found)[];
  if (split === undefined && names.length > 1) throw new DatasetError(`${path}: holds ${names.join(", ")}; say which split`);
  const file = found[split ?? names[0]];
  if (file === undefined) throw new DatasetError(`${path}: no annotation file for split "${split}"; found ${names.join(", ")}`);
  return file;
}

/** The folder below which the images' file names exist: the first place that has one of the first files. */
export async function findImageFolder(annotations: string, path: string, images: readonly ImageInfo[]): Promise<string> {
  const stem = basename(annotations, ".json").replace(/^(instances|annotations?)[_-]?/, "");
  const split = splitOf(annotations);
  const names = ["images", stem, split, split && `${split}2017`, split && `images/${split}`, stem && `images/${stem}`, split === "val" ? "valid" : undefined, ""];
  const bases = [...new Set([dirname(annotations), dirname(dirname(annotations)), path].map((base) => resolve(base)))];
  const places = bases.flatMap((base) => names.filter((name) => name !== undefined).map((name) => join(base, name)));
  const sample = images.slice(0, 5);
  const found = places.find((place) => sample.some((image) => existsSync(join(place, image.fileName))));
  if (found !== undefined || sample.length === 0) return found ?? dirname(annotations);
  throw new DatasetError(`${annotations}: image ${sample[0].id}, field "file_name": found ${sample[0].fileName} in none of ${[...new Set(places)].join(", ")}; name the image folder`);
}
