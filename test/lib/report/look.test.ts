import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, expect, it } from "vitest";
import { loadBackend } from "../../../lib/backend/load.ts";
import { syntheticScenes } from "../../../lib/data/synthetic.ts";
import { retinanet } from "../../../lib/detector/retinanet.ts";
import { activations, lookAt, viewsOf } from "../../../lib/report/look.ts";

beforeAll(async () => { await loadBackend(); });

const dataset = syntheticScenes({ images: 3, size: { width: 72, height: 48 }, seed: 4 });
const transforms = { normalise: "simple", resize: { kind: "scale", factor: 0.5 } } as const;

it("sees images as a detector gets them: resized, neither normalised nor padded", async () => {
  const [view] = await viewsOf(dataset, [2], { transforms });
  expect([view.photo.width, view.photo.height, view.size]).toEqual([36, 24, { width: 64, height: 32 }]);
  expect(view.name).toBe(dataset.images[2].fileName);
  expect(view.photo.data).toHaveLength(36 * 24 * 3);
  const [x, , width] = dataset.annotations(2)[0].xywh;
  expect([view.target.boxes[0], view.target.boxes[2]]).toEqual([x / 2, (x + width) / 2]);
});

it("is what the detector says of the same batch, and leaves no tensor", async () => {
  const detector = retinanet({ preset: "tiny", classes: 6, seed: 1 });
  const before = tf.memory().numTensors;
  const looks = await lookAt(detector, dataset, [0, 1], { transforms: { normalise: "simple" }, channel: 3 });
  expect(tf.memory().numTensors).toBe(before);
  expect(looks.map(({ name }) => name)).toEqual(dataset.images.slice(0, 2).map(({ fileName }) => fileName));
  expect(looks[0].pyramid.map(({ stride, height, width }) => [stride, height, width])).toEqual([[4, 16, 24], [8, 8, 12], [16, 4, 6]]);
  await expect(lookAt(detector, dataset, [0], { channel: 32 })).rejects.toThrow(/channel 32 is asked for; the pyramid has 0 … 31/);
  await expect(lookAt(detector, dataset, [3])).rejects.toThrow(RangeError);
  expect(tf.memory().numTensors).toBe(before);
  detector.dispose();
});

it("averages magnitudes over channels, or takes one", () => {
  tf.tidy(() => {
    const map = tf.tensor4d([1, -3, -2, 4], [1, 1, 2, 2]);
    expect(activations([map], [8])).toEqual([{ stride: 8, height: 1, width: 2, values: Float32Array.of(2, 3) }]);
    expect(activations([map], [8], { channel: 1 })[0].values).toEqual(Float32Array.of(-3, 4));
  });
});
