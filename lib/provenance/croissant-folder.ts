import { createReadStream, statSync } from "node:fs";
import { createHash } from "node:crypto";
import { basename, dirname, extname, join, relative, resolve, sep } from "node:path";
import { annotationsBySplit, requirePath } from "../data/coco-paths.ts";
import { openCoco, type CocoDataset } from "../data/coco.ts";
import type { Dataset } from "../data/dataset.ts";
import { writeAtomic } from "../train/atomic.ts";
import { croissant, type CroissantAbout, type CroissantPart } from "./croissant.ts";
import type { Node } from "./croissant-nodes.ts";
import { hashFile, sha256 } from "./hash.ts";

export interface CroissantFolderOptions {
  /** The file to write; what it names is relative to its folder. Default `croissant.json` in the dataset's folder. */
  readonly out?: string;
  readonly about?: CroissantAbout;
  readonly onProgress?: (done: number, images: number) => void;
}

/** From one folder to a file, with `/`. */
const between = (from: string, to: string): string => relative(from, to).split(sep).join("/");

const kindOf = (split: string): { readonly split?: string } => (split === "single" ? {} : { split });

async function partOf([split, file]: readonly [string, string], { folder: place, home }: { readonly folder: string; readonly home: string }): Promise<CroissantPart & { readonly dataset: CocoDataset }> {
  const dataset = await openCoco(place, { annotations: file });
  const folder = between(home, resolve(dataset.report.imageFolder));
  const annotations = { id: split === "single" ? "annotations" : `${split}-annotations`, path: between(home, resolve(file)), ...(await hashFile(file)), format: "application/json", about: "COCO annotations" };
  const endings = [...new Set(dataset.images.map(({ fileName }) => extname(fileName).slice(1)))].sort();
  return { ...kindOf(split), dataset, files: { annotations, imageFolder: folder === "" ? "" : `${folder}/`, endings } };
}

/** CSV: quotes only where they are needed. */
const cell = (text: string): string => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

async function manifestText(parts: readonly CroissantPart[], home: string, onProgress: NonNullable<CroissantFolderOptions["onProgress"]>): Promise<string> {
  const paths = [...new Set(parts.flatMap(({ dataset, files }) => dataset.images.map(({ fileName }) => `${files!.imageFolder}${fileName}`)))].sort();
  const lines = ["path,bytes,sha256"];
  for (const [index, path] of paths.entries()) {
    const { bytes, sha256: hash } = await hashContent(join(home, path));
    lines.push(`${cell(path)},${bytes},${hash}`);
    onProgress(index + 1, paths.length);
  }
  return `${lines.join("\n")}\n`;
}

/** Of what a link leads to: datasets are often links. */
async function hashContent(path: string): Promise<{ readonly bytes: number; readonly sha256: string }> {
  const hash = createHash("sha256");
  for await (const block of createReadStream(path)) hash.update(block as Buffer);
  return { bytes: statSync(path).size, sha256: hash.digest("hex") };
}

/**
 * Writes a COCO folder's Croissant file, and beside it the list of its images' hashes (`<name>-images.csv`).
 * @returns the paths that were written
 * @throws DatasetError when the folder is unusable; Error when nothing can be written there
 */
export async function writeCroissant(folder: string, { out, about = {}, onProgress = () => undefined }: CroissantFolderOptions = {}): Promise<readonly string[]> {
  const single = (await requirePath(folder)) === "file";
  const target = resolve(out ?? join(single ? dirname(folder) : folder, "croissant.json"));
  const home = dirname(target);
  const found: readonly (readonly [string, string])[] = single ? [["single", folder]] : Object.entries(await annotationsBySplit(folder));
  const parts: CroissantPart[] = [];
  for (const entry of found) parts.push(await partOf(entry, { folder, home }));
  const list = join(home, `${basename(target, extname(target))}-images.csv`);
  const text = await manifestText(parts, home, onProgress);
  const manifest = { id: "image-hashes", path: basename(list), bytes: Buffer.byteLength(text), sha256: sha256(text), format: "text/csv", about: "Path, size and SHA-256 of every image" };
  const content = croissant(parts, { name: basename(resolve(single ? dirname(folder) : folder)), about, manifest });
  writeAtomic(list, text);
  writeAtomic(target, textOf(content));
  return [target, list];
}

/** The Croissant of scenes that are drawn when they are asked for: their records stand in it. */
export function croissantOfScenes(parts: Readonly<Record<string, Dataset>>, about: CroissantAbout = {}): string {
  return textOf(croissant(Object.entries(parts).map(([split, dataset]) => ({ split, dataset })), { name: "synthetic-scenes", about }));
}

const textOf = (content: Node): string => `${JSON.stringify(content, null, 2)}\n`;
