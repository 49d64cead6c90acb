import { createHash } from "node:crypto";
import { join } from "node:path";
import type { Dataset } from "../data/dataset.ts";
import { portableName } from "../data/portable-name.ts";
import type { Transforms } from "../data/transforms.ts";
import type { Detector } from "../detector/detector.ts";
import { regionEntropies, type RegionEntropy } from "../distill/index.ts";
import { lookAtRegions } from "../report/regions-look.ts";
import { writeAtomic } from "../train/atomic.ts";
import { canonical } from "./experiment.ts";
import { readRecord } from "./score-cache.ts";

/** What entropies depend on beside the detector that divides the images. */
export interface EntropyConventions {
  readonly validation: Dataset;
  readonly transforms: Transforms;
}

/** Version of what the file means. */
const format = 1;
/** Images that are looked at at most, spread evenly, and how many at once. */
const [most, chunk] = [500, 25];

/** Entropies of the regions of validation images, by every measure, corrected for their histograms' sizes. No tensor stays. */
export async function entropiesOf(teacher: Detector, { validation, transforms }: EntropyConventions): Promise<RegionEntropy[]> {
  const all = validation.images.length;
  const indices = Array.from({ length: Math.min(most, all) }, (_, i) => Math.floor((i * all) / Math.min(most, all)));
  const entropies = regionEntropies();
  for (let from = 0; from < indices.length; from += chunk) await lookAtRegions(teacher, validation, indices.slice(from, from + chunk), { transforms, entropies });
  return entropies.results();
}

function entropyPath(folder: string, { validation, transforms }: EntropyConventions): string {
  const key = createHash("sha256").update(canonical({ format, data: validation.hash, transforms, most })).digest("hex").slice(0, 16);
  return join(folder, `entropy-${key}.json`);
}

/** A run's entropies, if they have been computed for these data. A region without cells has none. */
export function cachedEntropies(folder: string, conventions: EntropyConventions): readonly RegionEntropy[] | undefined {
  return readRecord<{ readonly entropies: readonly RegionEntropy[] }>(entropyPath(folder, conventions))?.entropies;
}

/** Keeps a run's entropies. */
export function keepEntropies(folder: string, conventions: EntropyConventions, entropies: readonly RegionEntropy[]): void {
  const { name, hash, images } = conventions.validation;
  const known = entropies.filter(({ entropy }) => Number.isFinite(entropy));
  writeAtomic(entropyPath(folder, conventions), `${JSON.stringify({ format, data: { name: portableName(name), hash, images: Math.min(most, images.length) }, entropies: known }, null, 2)}\n`);
}
