import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { evaluationBatches, openCoco, subset, type Dataset, type Transforms } from "../../../lib/data/index.ts";
import type { Batch } from "../../../lib/data/batch.ts";
import type { Detections as Found, Detector } from "../../../lib/detector/detector.ts";
import { evaluateBoxes } from "../../../lib/evaluate/evaluate.ts";
import type { Detections, GroundTruth } from "../../../lib/evaluate/types.ts";
import { gradients } from "../../../lib/train/gradients.ts";

/** [n, 4] xyxy → xywh. */
function xywh(boxes: Float32Array): Float64Array {
  return Float64Array.from(boxes, (v, k) => (k % 4 < 2 ? v : v - boxes[k - 2]));
}

function columns(lists: readonly { boxes: Float32Array; labels: Int32Array }[]): { count: number; image: Int32Array; category: Int32Array; box: Float64Array } {
  const image = Int32Array.from(lists.flatMap(({ labels }, i) => Array.from(labels, () => i)));
  const category = Int32Array.from(lists.flatMap(({ labels }) => Array.from(labels)));
  return { count: image.length, image, category, box: Float64Array.from(lists.flatMap(({ boxes }) => Array.from(xywh(boxes)))) };
}

/** AP at IoU 0.5 of detections against the batch they were made from. */
export function ap50(batch: Batch, found: readonly Found[], classes: number): number {
  const truth = columns(batch.targets);
  const groundTruth: GroundTruth = {
    ...truth,
    imageIds: Float64Array.from(batch.targets.keys()),
    categories: Array.from({ length: classes }, (_, i) => ({ id: i + 1, name: String(i) })),
    id: Float64Array.from({ length: truth.count }, (_, i) => i + 1),
    area: Float64Array.from({ length: truth.count }, (_, i) => truth.box[4 * i + 2] * truth.box[4 * i + 3]),
    crowd: new Uint8Array(truth.count),
    unlisted: 0,
  };
  const detections: Detections = { ...columns(found), score: Float64Array.from(found.flatMap(({ scores }) => Array.from(scores))), unlisted: 0 };
  return evaluateBoxes({ groundTruth, detections }).stats[1];
}

/** Trains on one batch with Adam, the iteration told; the rate falls to a tenth for the last quarter. */
export function memorise(detector: Detector, batch: Batch, { steps, learningRate }: { steps: number; learningRate: number }): void {
  const trained = detector.parameters().filter(({ frozen }) => !frozen);
  const optimiser = tf.train.adam(learningRate);
  for (let iteration = 0; iteration < steps; iteration++) {
    if (iteration === Math.floor(0.75 * steps)) (optimiser as unknown as { learningRate: number }).learningRate = learningRate / 10;
    const result = gradients(() => {
      const terms = Object.values(detector.loss(detector.forward(batch.images), batch.targets, { iteration }));
      return { loss: terms.reduce((a, b) => tf.add(a, b)), values: tf.stack(terms) as tf.Tensor1D };
    }, trained.map(({ variable }) => variable));
    optimiser.applyGradients(trained.map(({ variable }, k) => ({ name: variable.name, tensor: result.gradients[k]! })));
    if (iteration % 50 === 0 && process.env.POTSTILL_WATCH) console.info(iteration, result.values.dataSync(), tf.memory().numTensors);
    tf.dispose([result.values, ...(result.gradients as tf.Tensor[])]);
  }
  optimiser.dispose();
}

/** The first eight images of a dataset with objects whose sides are all at least `smallest` pixels. */
export async function eightImages(folder: string, smallest: number): Promise<Dataset> {
  const whole = await openCoco(folder, { annotations: join(folder, "instances_train.json") });
  const suits = (index: number) => {
    const objects = whole.annotations(index);
    return objects.length > 0 && objects.every(({ xywh: [, , w, h], crowd }) => !crowd && Math.min(w, h) >= smallest);
  };
  return subset(whole, Array.from(whole.images.keys()).filter(suits).slice(0, 8));
}

/** AP50 of the detector on one batch of the whole dataset, after it was learnt by heart. */
export async function memorisedAp50(detector: Detector, dataset: Dataset, { transforms, ...training }: { transforms: Transforms; steps: number; learningRate: number }): Promise<number> {
  for await (const batch of evaluationBatches(dataset, { batchSize: dataset.images.length, transforms })) {
    memorise(detector, batch, training);
    let found: Found[] = [];
    tf.tidy(() => { found = detector.decode(detector.forward(batch.images), batch.targets); });
    const score = ap50(batch, found, detector.classes);
    batch.dispose();
    return score;
  }
  throw new Error("the dataset has no images");
}
