import { createHash } from "node:crypto";
import { basename, join, resolve } from "node:path";
import { cached } from "../../data/cached.ts";
import { openCocoFolder, validationShare } from "../../data/coco-folder.ts";
import type { Dataset } from "../../data/dataset.ts";
import { subset } from "../../data/subset.ts";
import { syntheticScenes } from "../../data/synthetic.ts";
import type { Profile } from "../sssd.ts";

export interface ProfileData {
  /** What results are trained on. */
  readonly train: Dataset;
  /** What results are scored on. */
  readonly validation: Dataset;
  /** What hyper-parameters are scored on while they are chosen; no image of it is in `rest` or `validation`. */
  readonly tuning: Dataset;
  /** What is trained on meanwhile. */
  readonly rest: Dataset;
  /** As reports call it. */
  readonly name: string;
}

/** Scenes of the smoke profile: 96×96 pixels, three classes (six are too many to learn in its few iterations), unlabelled look-alikes. */
export const smokeScenes = { size: 96, classes: 3, seed: 7, images: { train: 400, val: 150, tune: 150 } } as const;

function scenes(split: keyof typeof smokeScenes.images): Dataset {
  const { images, ...options } = smokeScenes;
  return cached(syntheticScenes({ ...options, images: images[split], split }));
}

/** The fifth of a dataset whose file names have the lowest SHA-256 under this salt, and the others. */
function heldOut(dataset: Dataset, salt: string): { readonly held: readonly number[]; readonly others: readonly number[] } {
  const keyed = dataset.images.map(({ fileName }, index) => ({ index, key: createHash("sha256").update(`${salt} ${fileName}`).digest("hex") }));
  keyed.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : a.index - b.index));
  const indices = keyed.map(({ index }) => index);
  const count = Math.max(1, Math.round(indices.length * validationShare));
  return { held: indices.slice(0, count), others: indices.slice(count) };
}

/** Its name from the folder on: reports and runs hold no absolute paths. */
function withoutPlace(dataset: Dataset, data: string): Dataset {
  const folder = join(data, ".");
  const name = dataset.name.startsWith(folder) ? basename(resolve(data)) + dataset.name.slice(folder.length) : dataset.name;
  return { ...dataset, name };
}

/**
 * What a profile trains and scores on.
 *
 * `synthetic`: scenes made by formula. A COCO folder: its training and validation splits (without validation annotations
 * `openCocoFolder` holds out a fifth of the images by a hash of their names, and the datasets' names say so); `tuning` is a
 * fifth of the training images by another hash, `rest` the others.
 * @param data `synthetic`, or a folder in COCO format
 * @throws Error for `synthetic` in the paper profile, and for a training split of one image; DatasetError for unusable data
 */
export async function openProfileData(profile: Profile, data: string): Promise<ProfileData> {
  if (data === "synthetic") {
    if (profile === "paper") throw new Error('the paper profile trains on COCO 2017: give its folder as data (with train2017, val2017 and annotations), not "synthetic"');
    const { size, images } = smokeScenes;
    const train = scenes("train");
    return { train, validation: scenes("val"), tuning: scenes("tune"), rest: train, name: `synthetic scenes (${images.train} + ${images.val} of ${size}×${size})` };
  }
  const opened = await openCocoFolder(data);
  const [train, val] = [opened.train, opened.val].map((split) => withoutPlace(split, data));
  if (train.images.length < 2) throw new Error(`${train.name} has one image to train on; two are needed, one of them for the choice of hyper-parameters`);
  const { held, others } = heldOut(train, "tuning");
  const part = (indices: readonly number[], what: string) => cached(subset(train, indices, `${train.name} (${what})`));
  return { train: cached(train), validation: cached(val), tuning: part(held, "tuning: a fifth, by file name"), rest: part(others, "without tuning"), name: `${train.name} / ${val.name}` };
}
