import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { loadBackend } from "../../../lib/backend/load.ts";
import type { Batch, Target } from "../../../lib/data/batch.ts";
import { evaluationBatches, openCocoFolder, subset, syntheticScenes, type Dataset, type Transforms } from "../../../lib/data/index.ts";
import { cascadeRcnn } from "../../../lib/detector/cascade-rcnn.ts";
import type { Detections, Detector } from "../../../lib/detector/detector.ts";
import { maskRcnn } from "../../../lib/detector/mask-rcnn.ts";
import { DetectionBuffer, evaluateBoxes, evaluateMasks, groundTruthFrom, type GroundTruth } from "../../../lib/evaluate/index.ts";
import { areaOfRle } from "../../../lib/tensor/masks/rle.ts";
import { gradients } from "../../../lib/train/gradients.ts";
import { sharedFolder } from "../../shared.ts";

beforeAll(async () => { await loadBackend(); });

/** The batch's own objects, in its pixels, as COCO's records. */
function truthOf(targets: readonly Target[], classes: number): GroundTruth {
  const annotations = targets.flatMap(({ boxes, labels, masks }, image) => Array.from(labels, (label, o) => {
    const [x1, y1, x2, y2] = boxes.subarray(4 * o, 4 * o + 4);
    const { height, width, counts } = masks![o];
    return { image_id: image + 1, category_id: label + 1, bbox: [x1, y1, x2 - x1, y2 - y1], area: areaOfRle(masks![o]), segmentation: { size: [height, width] as [number, number], counts: Array.from(counts) } };
  }));
  return groundTruthFrom({
    images: targets.map(({ width, height }, i) => ({ id: i + 1, width, height })),
    categories: Array.from({ length: classes }, (_, i) => ({ id: i + 1, name: String(i) })),
    annotations: annotations.map((annotation, i) => ({ id: i + 1, ...annotation })),
  }, { masks: true });
}

/** AP50 of boxes and masks. */
function scores(targets: readonly Target[], found: readonly Detections[], classes: number): { boxes: number; masks: number } {
  const groundTruth = truthOf(targets, classes);
  const buffer = new DetectionBuffer(groundTruth);
  for (const [i, { boxes, scores: values, labels, masks }] of found.entries()) buffer.add(i + 1, { boxes, scores: values, categoryIds: labels.map((label) => label + 1), masks: masks! });
  const input = { groundTruth, detections: buffer.detections() };
  return { boxes: evaluateBoxes(input).stats[1], masks: evaluateMasks(input).stats[1] };
}

/** Adam, its rate a tenth in the last quarter. */
function train(detector: Detector, batch: Batch, steps: number): void {
  const trained = detector.parameters().filter(({ frozen }) => !frozen);
  const [fast, slow] = [tf.train.adam(0.004), tf.train.adam(0.0004)];
  for (let iteration = 0; iteration < steps; iteration++) {
    const result = gradients(() => {
      const terms = Object.values(detector.loss(detector.forward(batch.images), batch.targets, { iteration }));
      return { loss: terms.reduce((a, b) => tf.add(a, b)), values: tf.stack(terms) as tf.Tensor1D };
    }, trained.map(({ variable }) => variable));
    const optimiser = iteration < 0.75 * steps ? fast : slow;
    optimiser.applyGradients(trained.map(({ variable }, k) => ({ name: variable.name, tensor: result.gradients[k]! })));
    tf.dispose([result.values, ...(result.gradients as tf.Tensor[])]);
  }
  fast.dispose();
  slow.dispose();
}

async function learns(make: (classes: number) => Detector, { data, transforms, steps }: { data: Dataset; transforms?: Transforms; steps: number }): Promise<void> {
  const classes = data.categories.length;
  const detector = make(classes);
  for await (const batch of evaluationBatches(data, { batchSize: 8, masks: true, ...(transforms && { transforms }) })) {
    const started = performance.now();
    train(detector, batch, steps);
    let found: Detections[] = [];
    tf.tidy(() => { found = detector.decode(detector.forward(batch.images), batch.targets); });
    const { boxes, masks } = scores(batch.targets, found, classes);
    console.info(`${detector.name} on eight images of ${data.name}: AP50 of boxes ${boxes.toFixed(3)}, of masks ${masks.toFixed(3)}, ${((performance.now() - started) / 1000).toFixed(0)} s`);
    expect(boxes).toBeGreaterThan(0.9);
    expect(masks).toBeGreaterThan(0.9);
    batch.dispose();
  }
  detector.dispose();
}

const detectors: [string, (classes: number) => Detector][] = [
  ["Mask R-CNN", (classes) => maskRcnn({ preset: "tiny", classes, seed: 1 })],
  ["Cascade Mask R-CNN", (classes) => cascadeRcnn({ preset: "tiny", masks: true, classes, seed: 1 })],
];

const coco = sharedFolder("data", "coco-mini");

describe.each(detectors)("a tiny %s", (_, make) => {
  it("learns eight synthetic scenes by heart, masks too", async () => {
    await learns(make, { data: syntheticScenes({ images: 8, size: 96, seed: 1, classes: 6, empty: 0 }), steps: 150 });
  }, 900_000);

  it.skipIf(coco === undefined)("learns eight photographs of coco-mini by heart, masks too", async () => {
    const { train: photographs } = await openCocoFolder(coco!);
    // Without COCO's small objects: at this size they would be smaller than a cell of the pyramid, and the smallest anchor is 16 pixels.
    const suitable = photographs.images.flatMap((_image, i) => (photographs.annotations(i).length > 0 && photographs.annotations(i).every(({ area, crowd }) => area >= 1024 && !crowd) ? [i] : []));
    await learns(make, { data: subset(photographs, suitable.slice(0, 8), "coco-mini"), transforms: { resize: { kind: "edge", short: 128, long: 192 } }, steps: 250 });
  }, 900_000);
});
