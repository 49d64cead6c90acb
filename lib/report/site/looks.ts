import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Dataset } from "../../data/dataset.ts";
import type { Detections } from "../../detector/detector.ts";
import { openTrained } from "../../papers/trained.ts";
import { writeAtomic } from "../../train/atomic.ts";
import { weightsPath } from "../../train/run.ts";
import { lookAt, viewsOf } from "../look.ts";
import type { Look } from "../look.ts";

export interface TrainedLooksOptions {
  /** Folder of all runs. */
  readonly runs: string;
  readonly validation: Dataset;
  /** How many images are looked at, spread evenly over the data. Default 3. */
  readonly images?: number;
}

/**
 * What the detectors of trainings see in the same few images. Each is asked once: its answers are kept in its run's folder,
 * named by data and images, and a teacher's serve all its pupils. TensorFlow must be loaded.
 */
export function trainedLooks({ runs, validation, images = 3 }: TrainedLooksOptions): (folder: string) => Promise<readonly Look[] | undefined> {
  const indices = spread(validation.images.length, images);
  const known = new Map<string, Promise<readonly Look[] | undefined>>();
  return (folder) => {
    const looks = known.get(folder) ?? looksOf(join(runs, folder), validation, indices);
    known.set(folder, looks);
    return looks;
  };
}

function spread(all: number, count: number): number[] {
  const wanted = Math.min(all, count);
  return Array.from({ length: wanted }, (_, i) => Math.floor(((i + 0.5) * all) / wanted));
}

async function looksOf(folder: string, validation: Dataset, indices: readonly number[]): Promise<readonly Look[] | undefined> {
  if (!existsSync(weightsPath(folder))) return undefined;
  const path = join(folder, `detections-${keyOf(validation, indices)}.json`);
  return (await kept(path, validation)) ?? looked(path, folder, { validation, indices });
}

/** Raised when the answers come to mean something else. */
const format = 1;

function keyOf({ hash }: Dataset, indices: readonly number[]): string {
  return createHash("sha256").update(JSON.stringify({ format, hash, indices })).digest("hex").slice(0, 16);
}

/** What the file holds of each image. */
interface Kept {
  readonly detector: string;
  readonly transforms: NonNullable<Parameters<typeof viewsOf>[2]>["transforms"];
  readonly indices: readonly number[];
  readonly detections: readonly { readonly boxes: readonly number[]; readonly scores: readonly number[]; readonly labels: readonly number[]; readonly masks?: readonly { readonly height: number; readonly width: number; readonly counts: readonly number[] }[] }[];
}

async function looked(path: string, folder: string, { validation, indices }: { readonly validation: Dataset; readonly indices: readonly number[] }): Promise<readonly Look[]> {
  const { detector, transforms } = await openTrained(folder, { dataset: validation });
  try {
    const looks = await lookAt(detector, validation, indices, { transforms });
    const detections = looks.map(({ detections: { boxes, scores, labels, masks } }) => ({
      boxes: [...boxes], scores: [...scores], labels: [...labels],
      ...(masks && { masks: masks.map(({ height, width, counts }) => ({ height, width, counts: [...counts] })) }),
    }));
    writeAtomic(path, `${JSON.stringify({ detector: detector.name, transforms, indices, detections } satisfies Kept)}\n`);
    return looks;
  } finally {
    detector.dispose();
  }
}

/** The looks without their pyramids, which no picture of detections shows; undefined where there is no sound file. */
async function kept(path: string, validation: Dataset): Promise<readonly Look[] | undefined> {
  const record = existsSync(path) ? parsed(path) : undefined;
  if (record === undefined) return undefined;
  const { detector, transforms, indices, detections } = record;
  const views = await viewsOf(validation, indices, transforms === undefined ? {} : { transforms });
  return views.map((view, i) => ({ ...view, detector, pyramid: [], detections: typed(detections[i]) }));
}

function parsed(path: string): Kept | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Kept;
  } catch {
    return undefined; // it is made anew
  }
}

function typed({ boxes, scores, labels, masks }: Kept["detections"][number]): Detections {
  return {
    boxes: Float32Array.from(boxes), scores: Float32Array.from(scores), labels: Int32Array.from(labels),
    ...(masks && { masks: masks.map(({ height, width, counts }) => ({ height, width, counts: Uint32Array.from(counts) })) }),
  };
}
