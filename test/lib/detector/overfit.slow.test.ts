import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, expect, it } from "vitest";
import { loadBackend } from "../../../lib/backend/load.ts";
import { evaluationBatches, syntheticScenes } from "../../../lib/data/index.ts";
import type { Batch } from "../../../lib/data/batch.ts";
import type { Detections as Found, Detector } from "../../../lib/detector/detector.ts";
import { retinanet } from "../../../lib/detector/retinanet.ts";
import { evaluateBoxes } from "../../../lib/evaluate/evaluate.ts";
import type { Detections, GroundTruth } from "../../../lib/evaluate/types.ts";
import { gradients } from "../../../lib/train/gradients.ts";

beforeAll(async () => { await loadBackend(); });

const classes = 6;

/** [n, 4] xyxy → xywh. */
function xywh(boxes: Float32Array): Float64Array {
  return Float64Array.from(boxes, (v, k) => (k % 4 < 2 ? v : v - boxes[k - 2]));
}

function columns(lists: readonly { boxes: Float32Array; labels: Int32Array }[]): { count: number; image: Int32Array; category: Int32Array; box: Float64Array } {
  const image = Int32Array.from(lists.flatMap(({ labels }, i) => Array.from(labels, () => i)));
  const category = Int32Array.from(lists.flatMap(({ labels }) => Array.from(labels)));
  return { count: image.length, image, category, box: Float64Array.from(lists.flatMap(({ boxes }) => Array.from(xywh(boxes)))) };
}

function ap50(batch: Batch, found: readonly Found[]): number {
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

function train(detector: Detector, batch: Batch, steps: number): void {
  const trained = detector.parameters().filter(({ frozen }) => !frozen);
  const optimiser = tf.train.adam(0.006);
  for (let i = 0; i < steps; i++) {
    const result = gradients(() => {
      const terms = Object.values(detector.loss(detector.forward(batch.images), batch.targets));
      return { loss: tf.add(terms[0], terms[1]), values: tf.stack(terms) as tf.Tensor1D };
    }, trained.map(({ variable }) => variable));
    optimiser.applyGradients(trained.map(({ variable }, k) => ({ name: variable.name, tensor: result.gradients[k]! })));
    tf.dispose([result.values, ...(result.gradients as tf.Tensor[])]);
  }
  optimiser.dispose();
}

it("a tiny RetinaNet learns eight synthetic scenes by heart", async () => {
  const scenes = syntheticScenes({ images: 8, size: 96, seed: 1, classes, empty: 0 });
  const detector = retinanet({ preset: "tiny", classes, seed: 1 });
  for await (const batch of evaluationBatches(scenes, { batchSize: 8 })) {
    train(detector, batch, 400);
    let found: Found[] = [];
    tf.tidy(() => { found = detector.decode(detector.forward(batch.images), batch.targets); });
    const score = ap50(batch, found);
    console.info(`AP50 on the eight scenes: ${score.toFixed(3)}`);
    expect(score).toBeGreaterThan(0.9);
    batch.dispose();
  }
  detector.dispose();
}, 300_000);
