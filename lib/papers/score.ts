import * as tf from "@tensorflow/tfjs-core";
import { evaluationBatches } from "../data/batches.ts";
import type { Dataset } from "../data/dataset.ts";
import { toCocoGroundTruth } from "../data/ground-truth.ts";
import type { Transforms } from "../data/transforms.ts";
import type { Detector } from "../detector/detector.ts";
import { DetectionBuffer, evaluateBoxes, groundTruthFrom, inOriginal, type Evaluation } from "../evaluate/index.ts";

export interface ScoreOptions {
  /** As in training; nothing is cut out or mirrored, a jittered size is its middle. */
  readonly transforms: Transforms;
  /** Default 4. */
  readonly batchSize?: number;
}

/** COCO's box AP of a detector on a dataset. @throws Error where the detector gives values that are not finite */
export async function score(detector: Pick<Detector, "forward" | "decode">, dataset: Dataset, { transforms, batchSize = 4 }: ScoreOptions): Promise<Evaluation> {
  const groundTruth = groundTruthFrom(toCocoGroundTruth(dataset));
  const buffer = new DetectionBuffer(groundTruth);
  for await (const batch of evaluationBatches(dataset, { batchSize, transforms })) {
    try {
      const found = tf.tidy(() => detector.decode(detector.forward(batch.images), batch.targets) as unknown as tf.TensorContainer) as unknown as ReturnType<Detector["decode"]>;
      found.forEach(({ boxes, scores, labels }, i) => buffer.add(batch.targets[i].imageId, inOriginal({ boxes, scores, labels }, batch.targets[i], dataset.categories)));
    } finally {
      batch.dispose();
    }
  }
  return evaluateBoxes({ groundTruth, detections: buffer.detections() });
}
