import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Dataset } from "../data/dataset.ts";
import { portableName } from "../data/portable-name.ts";
import type { Transforms } from "../data/transforms.ts";
import type { Detector } from "../detector/detector.ts";
import { detectDataset, evaluateBoxes, evaluateMasks, groundTruthFrom } from "../evaluate/index.ts";
import { writeAtomic } from "../train/atomic.ts";
import { canonical } from "./experiment.ts";
import type { Metric } from "./item.ts";

/** What scores depend on beside the detector. */
export interface ScoreConventions {
  readonly validation: Dataset;
  readonly of: "boxes" | "masks";
  /** How images are prepared; what augments is left out. */
  readonly transforms: Transforms;
}

/** COCO's first six numbers in points; those that the data cannot tell (no object of the size) are absent. */
export type Scores = Readonly<Partial<Record<Metric, number>>>;

/** Version of what a score's file means; raising it scores everything anew. */
const format = 1;
const batchSize = 4;
const names = ["AP", "AP50", "AP75", "APs", "APm", "APl"] as const satisfies readonly Metric[];

/**
 * COCO's scores of a detector. No tensor stays.
 * @param images only so many, spread evenly. Default all.
 */
export async function scoresOf(detector: Detector, { validation, of, transforms }: ScoreConventions, images?: number): Promise<Scores> {
  const masks = of === "masks";
  const { detections, annotations } = await detectDataset(detector, validation, { transforms, batchSize, masks, ...(images !== undefined && { images }) });
  const groundTruth = groundTruthFrom(annotations, { masks });
  const { stats } = (masks ? evaluateMasks : evaluateBoxes)({ groundTruth, detections });
  return Object.fromEntries(names.flatMap((name, i) => (stats[i] >= 0 ? [[name, 100 * stats[i]]] : [])));
}

function scorePath(folder: string, { validation, of, transforms }: ScoreConventions): string {
  const key = createHash("sha256").update(canonical({ format, data: validation.hash, of, transforms, batchSize })).digest("hex").slice(0, 16);
  return join(folder, `score-${key}.json`);
}

/** A run's scores, if they have been computed for these data and conventions. */
export function cachedScores(folder: string, conventions: ScoreConventions): Scores | undefined {
  return readRecord<{ readonly points: Scores }>(scorePath(folder, conventions))?.points;
}

/** Keeps a run's scores. */
export function keepScores(folder: string, conventions: ScoreConventions, points: Scores): void {
  const { validation: { name, hash, images }, of } = conventions;
  writeAtomic(scorePath(folder, conventions), `${JSON.stringify({ format, of, data: { name: portableName(name), hash, images: images.length }, points }, null, 2)}\n`);
}

/** What a JSON file holds; undefined where there is none, or none that can be read: it is then made again. */
export function readRecord<T>(path: string): T | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as T;
  } catch {
    return undefined;
  }
}
