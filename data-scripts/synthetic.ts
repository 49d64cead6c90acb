import type { SyntheticOptions } from "../lib/data/synthetic.ts";
import { syntheticScenes } from "../lib/data/synthetic.ts";
import type { WriteOptions } from "../lib/data/write-coco.ts";
import { writeCoco } from "../lib/data/write-coco.ts";

/** Options of the scenes, with the number of validation images beside that of the training images. */
export type SyntheticFolderOptions = Omit<SyntheticOptions, "split"> & { readonly validation: number };

/**
 * Writes synthetic scenes as a COCO folder: `instances_train.json`, `train/`, `instances_val.json`, `val/`.
 * With no validation images there is one `annotations.json` and `images/`.
 */
export async function writeSyntheticFolder(folder: string, options: SyntheticFolderOptions, write: WriteOptions = {}): Promise<void> {
  const { validation, ...scenes } = options;
  const train = syntheticScenes({ ...scenes, split: "train" });
  const val = validation > 0 ? syntheticScenes({ ...scenes, images: validation, split: "val" }) : undefined;
  await writeCoco(val === undefined ? train : { train, val }, folder, write);
}
