import { openCocoFolder } from "../lib/data/coco-folder.ts";
import type { Dataset } from "../lib/data/dataset.ts";
import { syntheticScenes } from "../lib/data/synthetic.ts";

/** What `--data` names: a folder in COCO format, or `synthetic` (400 scenes to train on, 100 to look at). */
export async function openData(data: string): Promise<{ readonly train: Dataset; readonly val: Dataset }> {
  if (data !== "synthetic") return openCocoFolder(data);
  return { train: syntheticScenes({ images: 400, size: 96, seed: 1 }), val: syntheticScenes({ images: 100, size: 96, seed: 2 }) };
}
