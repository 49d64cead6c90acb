import * as tf from "@tensorflow/tfjs-core";
import { evaluationBatches } from "../data/batches.ts";
import type { Dataset } from "../data/dataset.ts";
import { toCocoGroundTruth } from "../data/ground-truth.ts";
import { subset } from "../data/subset.ts";
import type { Transforms } from "../data/transforms.ts";
import type { Detections as Found, Detector } from "../detector/detector.ts";
import { DetectionBuffer } from "./detections.ts";
import { evaluateBoxes } from "./evaluate.ts";
import { groundTruthFrom } from "./ground-truth.ts";
import { inOriginal } from "./original.ts";
import type { Evaluation } from "./types.ts";

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

/**
 * COCO's box scores of a detector on a dataset: each image once, detections taken back to the original pixels. No tensor stays.
 * @throws Error when the detector knows another number of classes; RangeError for counts that are not whole numbers above 0
 */
export async function scoreDetector(detector: Pick<Detector, "name" | "classes" | "forward" | "decode">, dataset: Dataset, { transforms, batchSize = 4, images = dataset.images.length, onProgress }: ScoreOptions): Promise<Evaluation> {
  if (detector.classes !== dataset.categories.length) throw new Error(`${detector.name} knows ${detector.classes} classes, the dataset ${dataset.name} has ${dataset.categories.length}`);
  const part = spread(dataset, images);
  const groundTruth = groundTruthFrom(toCocoGroundTruth(part));
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
      const { boxes, scores, labels } = found[i];
      buffer.add(target.imageId, inOriginal({ boxes, scores, labels }, target, part.categories));
    }
    onProgress?.((done += batch.targets.length), part.images.length);
  }
  return evaluateBoxes({ groundTruth, detections: buffer.detections() });
}

function spread(dataset: Dataset, count: number): Dataset {
  if (!Number.isSafeInteger(count) || count < 1) throw new RangeError(`score: images is ${count}; it must be a whole number above 0`);
  const all = dataset.images.length;
  return count >= all ? dataset : subset(dataset, Array.from({ length: count }, (_, i) => Math.floor((i * all) / count)));
}
