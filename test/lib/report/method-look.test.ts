import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, expect, it } from "vitest";
import { loadBackend } from "../../../lib/backend/load.ts";
import { batchAt } from "../../../lib/data/batches.ts";
import { syntheticScenes } from "../../../lib/data/synthetic.ts";
import { gfl } from "../../../lib/detector/gfl.ts";
import { frs } from "../../../lib/distill/frs.ts";
import { lgd } from "../../../lib/distill/lgd.ts";
import { scoreMask } from "../../../lib/distill/score-mask.ts";
import { subset } from "../../../lib/data/subset.ts";
import { cellMaps } from "../../../lib/report/cell-maps.ts";
import { lookThrough } from "../../../lib/report/method-look.ts";

beforeAll(async () => { await loadBackend(); });

const dataset = syntheticScenes({ images: 3, size: 64, seed: 4, objects: [1, 2], empty: 0 });
const transforms = { normalise: "simple" } as const;
const own = { preset: "tiny", classes: dataset.categories.length } as const;

it("shows a method's own hints of the image, and leaves no tensor", async () => {
  const [teacher, student] = [gfl({ ...own, seed: 1 }), gfl({ ...own, seed: 2 })];
  const method = frs({ teacher, student });
  const before = tf.memory().numTensors;
  const look = await lookThrough(method, { student, dataset, image: 1, transforms }, ({ hints, student: answer, teacher: taught, targets }) => ({
    weights: cellMaps(hints.weights, student.strides), scores: cellMaps(taught!.logits.map(scoreMask), student.strides), logits: answer.logits[0].dataSync().slice(0, 4), objects: targets[0].labels.length,
  }));
  expect(tf.memory().numTensors).toBe(before);
  expect(look.name).toBe(dataset.images[1].fileName);
  expect(look.seen.objects).toBe(look.target.labels.length);
  const batch = await batchAt(subset(dataset, [1]), 0, { batchSize: 1, seed: 0, transforms });
  const hints = method.hints(batch);
  look.seen.weights.forEach(({ values }, l) => {
    expect([...values]).toEqual([...hints.weights[l].dataSync()]);
    const sum = look.seen.scores[l].values.reduce((total, score) => total + score, 0);
    values.forEach((weight, cell) => expect(weight).toBeCloseTo(look.seen.scores[l].values[cell] / sum, 6));
  });
  expect([...look.seen.logits]).toEqual([...tf.tidy(() => student.forward(batch.images).logits[0].dataSync().slice(0, 4))]);
  tf.dispose(Object.values(hints).flat());
  batch.dispose();
  for (const one of [method, teacher, student]) one.dispose();
});

it("has no teacher's prediction where the method has none, and leaves nothing behind an exception", async () => {
  const student = gfl({ ...own, seed: 2 });
  const method = lgd({ channels: student.channels, classes: student.classes });
  const options = { student, dataset, image: 0, transforms };
  expect((await lookThrough(method, options, ({ teacher, hints }) => [teacher, Object.keys(hints)])).seen).toEqual([undefined, []]);
  const before = tf.memory().numTensors;
  await expect(lookThrough(method, options, () => { throw new Error("not readable"); })).rejects.toThrow("not readable");
  await expect(lookThrough(method, { ...options, image: 3 }, () => 0)).rejects.toThrow(RangeError);
  expect(tf.memory().numTensors).toBe(before);
  for (const one of [method, student]) one.dispose();
});
