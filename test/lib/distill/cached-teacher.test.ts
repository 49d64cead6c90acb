import { mkdtempSync, readdirSync, rmSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadBackend } from "../../../lib/backend/load.ts";
import { batches } from "../../../lib/data/batches.ts";
import type { Transforms } from "../../../lib/data/transforms.ts";
import type { Detector, Prediction } from "../../../lib/detector/detector.ts";
import { cachedTeacher, type CachedTeacher } from "../../../lib/distill/cached-teacher.ts";
import { training } from "../../../lib/train/training.ts";
import { tinyScenes } from "../train/tiny.ts";
import { mimic, tinyDetector } from "./mimic.ts";

const root = mkdtempSync(join(tmpdir(), "potstill-cached-"));
afterAll(() => { rmSync(root, { recursive: true }); });
beforeAll(async () => void (await loadBackend()));

const dataset = tinyScenes(4);
const transforms: Transforms = { normalise: "simple", flip: 0.5 };
const open = (teacher: Detector, folder: string, changes: object = {}): CachedTeacher => cachedTeacher(teacher, { folder: join(root, folder), dataset, transforms, description: "tiny", ...changes });

/** Trains a student for some epochs of two batches. */
async function learn(teacher: CachedTeacher, iterations: number): Promise<number[]> {
  const student = tinyDetector(1, 8, dataset.categories.length);
  const distiller = mimic({ teacher, student });
  const run = training({ detector: student, distiller, iterations, optimiser: { learningRate: () => 0.001 }, batches: (from) => batches(dataset, { batchSize: 2, seed: 1, from, transforms }) });
  const values: number[] = [];
  for await (const { losses } of run.steps()) values.push(losses["distill.feature"]);
  run.dispose();
  distiller.dispose();
  student.dispose();
  return values;
}

describe("a teacher whose answers are kept", () => {
  it("computes each image once per mirror, and none in a second training: 10 epochs cost at most 8 images instead of 40", async () => {
    const before = tf.memory().numTensors;
    const teacher = tinyDetector(2);
    const first = open(teacher, "epochs");
    const values = await learn(first, 20);
    expect(first.counts.computed).toBeLessThanOrEqual(8);
    expect(first.counts.computed + first.counts.read).toBe(40);
    const second = open(teacher, "epochs");
    expect(await learn(second, 20)).toEqual(values);
    expect(second.counts).toEqual({ computed: 0, read: 40 });
    teacher.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it("answers as the teacher itself does, pyramid, head and all", async () => {
    const teacher = tinyDetector(2);
    for await (const batch of batches(dataset, { batchSize: 2, seed: 1, transforms })) {
      tf.tidy(() => {
        const flat = ({ pyramid, logits, boxes, extra = {}, stages = [] }: Prediction) => ({ pyramid, logits, boxes, stages, ...extra });
        const direct = flat(teacher.forward(batch.images)), cached = open(teacher, "equal");
        for (const kept of [flat(cached.predict(batch)), flat(cached.predict(batch))]) {
          expect(Object.keys(kept)).toEqual(Object.keys(direct));
          for (const [name, maps] of Object.entries(direct)) maps.forEach((map, level) => {
            const gap = tf.max(tf.abs(tf.sub(map, kept[name as "pyramid"][level]))).dataSync()[0];
            expect(gap, `${name} ${level}`).toBeLessThan(1e-5 * (1 + tf.max(tf.abs(map)).dataSync()[0]));
          });
        }
        expect(cached.counts).toEqual({ computed: 2, read: 2 });
      });
      batch.dispose();
      break;
    }
    teacher.dispose();
  });

  it("knows other weights, data, networks and pixels from its own", () => {
    const teacher = tinyDetector(2);
    const places = () => readdirSync(join(root, "identity")).length;
    open(teacher, "identity");
    open(teacher, "identity", { limitBytes: 5 });
    expect(places()).toBe(1);
    open(teacher, "identity", { dataset: { hash: "other" } });
    open(teacher, "identity", { description: "other" });
    open(teacher, "identity", { transforms: { normalise: "caffe" } });
    tf.tidy(() => { const [{ variable }] = teacher.parameters(); variable.assign(tf.add(variable, 1)); });
    open(teacher, "identity");
    expect(places()).toBe(5);
    teacher.dispose();
  });

  it("stays within its bytes, and computes an answer anew whose file is broken", async () => {
    const teacher = tinyDetector(2);
    const none = open(teacher, "bounded", { limitBytes: 1000 });
    await learn(none, 2);
    const [place] = readdirSync(join(root, "bounded"));
    expect(readdirSync(join(root, "bounded", place))).toEqual([]);
    const whole = open(teacher, "bounded");
    const values = await learn(whole, 2);
    const files = readdirSync(join(root, "bounded", place));
    expect(files.length).toBe(whole.counts.computed);
    truncateSync(join(root, "bounded", place, files[0]), 100);
    const again = open(teacher, "bounded");
    expect(await learn(again, 2)).toEqual(values);
    expect(again.counts.computed).toBe(1);
    teacher.dispose();
  });

  it("refuses images that do not come back, or cannot be told apart", () => {
    const teacher = tinyDetector(2);
    expect(() => open(teacher, "crop", { transforms: { crop: { kind: "relative", width: 0.5, height: 0.5 } } })).toThrow(/transforms\.crop cuts parts out at random/);
    expect(() => open(teacher, "crop", { transforms: { verticalFlip: 0.5 } })).toThrow(/transforms\.verticalFlip mirrors/);
    expect(() => open(teacher, "crop", { limitBytes: NaN })).toThrow(/limitBytes is NaN/);
    teacher.dispose();
  });
});
