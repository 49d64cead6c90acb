import * as tf from "@tensorflow/tfjs-core";
import { evaluationBatches } from "../data/batches.ts";
import type { Dataset } from "../data/dataset.ts";
import { toCocoGroundTruth, type CocoGroundTruth } from "../data/ground-truth.ts";
import { subset } from "../data/subset.ts";
import type { Transforms } from "../data/transforms.ts";
import type { Detections as Found, Detector } from "../detector/detector.ts";
import { DetectionBuffer } from "./detections.ts";
import { evaluateBoxes } from "./evaluate.ts";
import { groundTruthFrom } from "./ground-truth.ts";
import { inOriginal } from "./original.ts";
import type { Detections, Evaluation, GroundTruth } from "./types.ts";

export interface ScoreOptions {
  /** How images are prepared; what augments is left out, jittered sizes take their middle. */
  readonly transforms: Transforms;
  /** Default 4. */
  readonly batchSize?: number;
  /** Only so many images, spread evenly over the dataset. Default all. */
  readonly images?: number;
  /** Told after each batch. */
  readonly onProgress?: (done: number, images: number) => void;
}

export interface DetectOptions extends ScoreOptions {
  /** Keep masks, of detectors that make them; default false. */
  readonly masks?: boolean;
}

/** Detections in original pixels, and what they are held against: of the images that were looked at, and no others. */
export interface DetectedDataset {
  readonly detections: Detections;
  readonly groundTruth: GroundTruth;
  /** The same annotations as COCO's file has them. */
  readonly annotations: CocoGroundTruth;
}

type Detecting = Pick<Detector, "name" | "classes" | "forward" | "decode">;

/**
 * COCO's box scores of a detector on a dataset: each image once, detections taken back to the original pixels. No tensor stays.
 * @throws Error when the detector knows another number of classes; RangeError for counts that are not whole numbers above 0
 */
export async function scoreDetector(detector: Detecting, dataset: Dataset, options: ScoreOptions): Promise<Evaluation> {
  return evaluateBoxes(await detectDataset(detector, dataset, options));
}

/**
 * What a detector sees in a dataset: each image once, detections taken back to the original pixels. No tensor stays.
 * @throws as `scoreDetector`
 */
export async function detectDataset(detector: Detecting, dataset: Dataset, { transforms, batchSize = 4, images = dataset.images.length, masks: masked = false, onProgress }: DetectOptions): Promise<DetectedDataset> {
  if (detector.classes !== dataset.categories.length) throw new Error(`${detector.name} knows ${detector.classes} classes, the dataset ${dataset.name} has ${dataset.categories.length}`);
  const part = spread(dataset, images);
  const annotations = toCocoGroundTruth(part);
  const groundTruth = groundTruthFrom(annotations);
  const buffer = new DetectionBuffer(groundTruth);
  let done = 0;
  for await (const batch of evaluationBatches(part, { batchSize, transforms })) {
    let found: readonly Found[] = [];
    try {
      tf.tidy(() => { found = detector.decode(detector.forward(batch.images), batch.targets); });
    } finally {
      batch.dispose();
    }
    for (const [i, target] of batch.targets.entries()) {
      const { boxes, scores, labels, masks } = found[i];
      buffer.add(target.imageId, inOriginal({ boxes, scores, labels, ...(masked && masks && { masks }) }, target, part.categories));
    }
    onProgress?.((done += batch.targets.length), part.images.length);
  }
  return { detections: buffer.detections(), groundTruth, annotations };
}

function spread(dataset: Dataset, count: number): Dataset {
  if (!Number.isSafeInteger(count) || count < 1) throw new RangeError(`score: images is ${count}; it must be a whole number above 0`);
  const all = dataset.images.length;
  return count >= all ? dataset : subset(dataset, Array.from({ length: count }, (_, i) => Math.floor((i * all) / count)));
}
