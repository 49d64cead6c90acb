import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, expect, it } from "vitest";
import { loadBackend } from "../../../lib/backend/load.ts";
import { syntheticScenes } from "../../../lib/data/index.ts";
import type { Target } from "../../../lib/data/batch.ts";
import type { Detections } from "../../../lib/detector/detector.ts";
import { retinanet } from "../../../lib/detector/retinanet.ts";
import { scoreDetector } from "../../../lib/evaluate/score.ts";

beforeAll(async () => { await loadBackend(); });

const dataset = syntheticScenes({ images: 5, seed: 3, size: 96 });

/** A detector that reads the truth, and shifts each box by a part of its width. */
function clairvoyant(shift: number) {
  const detector = retinanet({ preset: "tiny", classes: dataset.categories.length, seed: 0 });
  const decode = (_: unknown, targets: readonly Target[]): Detections[] => targets.map(({ boxes, labels }) => ({
    boxes: boxes.map((v, k) => (k % 2 === 0 ? v + shift * (boxes[(k & ~3) + 2] - boxes[k & ~3]) : v)),
    scores: Float32Array.from(labels, () => 0.9),
    labels,
  }));
  return { ...detector, decode: decode as unknown as typeof detector.decode };
}

it("scores what reads the truth with 1, what is a quarter beside it with less, and leaves no tensor", async () => {
  const [exact, beside] = [clairvoyant(0), clairvoyant(0.25)];
  const before = tf.memory().numTensors;
  const transforms = { resize: { kind: "edge" as const, short: 64 }, padTo: 32 };
  const seen: number[] = [];
  expect((await scoreDetector(exact, dataset, { transforms, batchSize: 2, onProgress: (done) => seen.push(done) })).stats[0]).toBeCloseTo(1, 12);
  expect(seen).toEqual([2, 4, 5]);
  const { stats } = await scoreDetector(beside, dataset, { transforms });
  expect([stats[1], stats[2]]).toEqual([1, 0]); // an IoU of 0.6
  expect(tf.memory().numTensors).toBe(before);
  for (const detector of [exact, beside]) detector.dispose();
});

it("takes some images, spread over the dataset", async () => {
  const detector = clairvoyant(0);
  let images = 0;
  await scoreDetector(detector, dataset, { transforms: { padTo: 32 }, images: 2, onProgress: (_, all) => { images = all; } });
  expect(images).toBe(2);
  await expect(scoreDetector(detector, dataset, { transforms: {}, images: 0 })).rejects.toThrow("images is 0");
  await expect(scoreDetector({ ...detector, classes: 7 }, dataset, { transforms: {} })).rejects.toThrow(/knows 7 classes, the dataset .* has \d/);
  detector.dispose();
});
