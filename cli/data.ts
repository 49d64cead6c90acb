import { statSync } from "node:fs";
import { openCocoFolder } from "../lib/data/coco-folder.ts";
import { openCoco } from "../lib/data/coco.ts";
import type { Dataset } from "../lib/data/dataset.ts";
import { syntheticScenes } from "../lib/data/synthetic.ts";

/** What `--data` names: a folder in COCO format, or `synthetic` (400 scenes to train on, 100 to look at). */
export async function openData(data: string): Promise<{ readonly train: Dataset; readonly val: Dataset }> {
  if (data !== "synthetic") return openCocoFolder(data);
  return { train: syntheticScenes({ images: 400, size: 96, seed: 1 }), val: syntheticScenes({ images: 100, size: 96, seed: 2 }) };
}

/** A dataset to look at, and the file that holds its annotations and no others, where there is one. */
export interface Validation {
  readonly dataset: Dataset;
  readonly file?: string;
}

/** What to look at: the validation part of what `openData` takes, or all images of an annotation file. */
export async function openValidation(data: string): Promise<Validation> {
  if (data === "synthetic") return { dataset: (await openData(data)).val };
  if (statSync(data, { throwIfNoEntry: false })?.isFile()) return { dataset: await openCoco(data, { annotations: data }), file: data };
  const { train, val } = await openCocoFolder(data);
  return { dataset: val, ...(val.report.file !== train.report.file && { file: val.report.file }) };
}
