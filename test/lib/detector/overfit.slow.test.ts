import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, expect, it } from "vitest";
import { loadBackend } from "../../../lib/backend/load.ts";
import { evaluationBatches, syntheticScenes } from "../../../lib/data/index.ts";
import type { Batch } from "../../../lib/data/batch.ts";
import type { Detections as Found, Detector } from "../../../lib/detector/detector.ts";
import { retinanet } from "../../../lib/detector/retinanet.ts";
import { gradients } from "../../../lib/train/gradients.ts";
import { ap50 } from "./memorise.ts";

beforeAll(async () => { await loadBackend(); });

const classes = 6;

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
    const score = ap50(batch, found, classes);
    console.info(`AP50 on the eight scenes: ${score.toFixed(3)}`);
    expect(score).toBeGreaterThan(0.9);
    batch.dispose();
  }
  detector.dispose();
}, 300_000);
