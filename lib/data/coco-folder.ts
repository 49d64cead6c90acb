import { createHash } from "node:crypto";
import type { CocoDataset, CocoOptions } from "./coco.ts";
import { openCoco } from "./coco.ts";
import { annotationsBySplit, requirePath } from "./coco-paths.ts";
import type { Dataset } from "./dataset.ts";
import { DatasetError } from "./error.ts";
import { subset } from "./subset.ts";

/** Share of the images that validation gets when a folder has no validation annotations. */
export const validationShare = 0.2;

/** Positions of the validation images: the fifth whose file names have the lowest SHA-256 (at least one). */
function validationIndices(dataset: Dataset): Set<number> {
  const keyed = dataset.images.map((image, index) => ({ index, key: createHash("sha256").update(image.fileName).digest("hex") }));
  keyed.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : a.index - b.index));
  return new Set(keyed.slice(0, Math.max(1, Math.round(keyed.length * validationShare))).map((item) => item.index));
}

/** Both parts keep the report on the file they come from. */
function divide(dataset: CocoDataset): { train: CocoDataset; val: CocoDataset } {
  if (dataset.images.length < 2) throw new DatasetError(`${dataset.name}: one image cannot be divided into training and validation; add images or annotation files for both`);
  const held = validationIndices(dataset);
  const all = dataset.images.map((_image, index) => index);
  return {
    train: { ...subset(dataset, all.filter((index) => !held.has(index)), `${dataset.name} (train, 80 % by file name)`), report: dataset.report },
    val: { ...subset(dataset, all.filter((index) => held.has(index)), `${dataset.name} (val, 20 % by file name)`), report: dataset.report },
  };
}

const listed = (dataset: Dataset) => dataset.categories.map((category) => `${category.id} ${category.name}`);

/** Refuses splits whose categories differ, since a detector's labels are positions in that list. */
export function requireSameCategories(a: Dataset, b: Dataset): void {
  const [first, second] = [listed(a), listed(b)];
  const only = (own: string[], other: string[]) => own.filter((name) => !other.includes(name)).slice(0, 5).join(", ") || "nothing";
  if (first.join("\n") === second.join("\n")) return;
  throw new DatasetError(`categories differ: ${a.name} has ${first.length} (only there: ${only(first, second)}), ${b.name} has ${second.length} (only there: ${only(second, first)}); give both the same categories with the same ids`);
}

/**
 * Opens a folder in COCO format with its splits. Without validation annotations, a fixed fifth of the images is held
 * out: those whose file names have the lowest SHA-256.
 * Rejects with DatasetError when the folder or a file is unusable or the splits' categories differ.
 */
export async function openCocoFolder(folder: string, options: Omit<CocoOptions, "annotations" | "split"> = {}): Promise<{ train: CocoDataset; val: CocoDataset; test?: CocoDataset }> {
  const found = (await requirePath(folder)) === "file" ? { single: folder } : await annotationsBySplit(folder);
  const opened: Partial<Record<string, CocoDataset>> = {};
  for (const [split, file] of Object.entries(found)) opened[split] = await openCoco(folder, { ...options, annotations: file });
  const whole = opened.train ?? opened.single ?? opened.val ?? opened.test!;
  const { train, val } = opened.train && opened.val ? { train: opened.train, val: opened.val } : divide(whole);
  const test = whole === opened.test ? undefined : opened.test;
  requireSameCategories(train, val);
  if (test !== undefined) requireSameCategories(train, test);
  return test === undefined ? { train, val } : { train, val, test };
}
