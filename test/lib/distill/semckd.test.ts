import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadBackend } from "../../../lib/backend/load.ts";
import type { Detector } from "../../../lib/detector/detector.ts";
import { fcos } from "../../../lib/detector/fcos.ts";
import { parameterSet } from "../../../lib/distill/layers.ts";
import { sampleRows, semckd, semckdLoss, semckdNetwork } from "../../../lib/distill/semckd.ts";
import { unitRows } from "../../../lib/distill/semckd-network.ts";
import { expectGradients, expectNoLeak, normal } from "../tensor/finite-difference.ts";
import { batchWith, distillation, train, weightsOf } from "./taught-run.ts";

let student: Detector;
let teacher: Detector;
beforeAll(async () => {
  await loadBackend();
  student = fcos({ classes: 3, seed: 1, channels: 16 });
  teacher = fcos({ classes: 3, seed: 2, channels: 24 });
});
afterAll(() => {
  student.dispose();
  teacher.dispose();
});

describe("semckd", () => {
  it("has rows of attention that add up to 1, whatever the layers' sizes, and one size of maps per pair", () => {
    tf.tidy(() => {
      const set = parameterSet(0);
      const network = semckdNetwork(set, { student: [3, 4], teacher: [5, 2], inputs: { student: [3, 4], teacher: [5, 2] }, embedding: 2 });
      const student = [normal([2, 6, 9, 3], "a"), normal([2, 3, 5, 4], "b")] as tf.Tensor4D[];
      const teacher = [normal([2, 4, 7, 5], "c"), normal([2, 2, 3, 2], "d")] as tf.Tensor4D[];
      const { attention, regressed } = semckdLoss(network, { student, teacher, teacherRows: teacher.map((map) => sampleRows(map, "pooled")) }, "pooled");
      for (const sum of tf.sum(attention, 2).dataSync()) expect(sum).toBeCloseTo(1, 6);
      expect(regressed.map((row) => row.map(({ shape }) => shape))).toEqual([[[2, 4, 7, 5], [2, 2, 3, 2]], [[2, 3, 5, 5], [2, 2, 3, 2]]]);
      set.dispose();
    });
  });

  it("divides rows by their norms with the gradients of finite differences, also where they are short", () => {
    const x = normal([4, 5], "rows") as tf.Tensor2D;
    expectGradients((rows) => unitRows(rows as tf.Tensor2D, 1e-6), [x]);
    expectGradients((rows) => unitRows(rows as tf.Tensor2D, 100), [x]);
    x.dispose();
    tf.tidy(() => {
      expect(Array.from(unitRows(tf.zeros([1, 2]), 1e-6).dataSync())).toEqual([0, 0]);
      expect(Array.from(unitRows(tf.zeros([1, 2]), 0).dataSync())).toEqual([NaN, NaN]);
    });
  });

  it.each([["pooled", [2, 0]], ["gram", [1, 0, 3, 2]]] as const)("trains with %s similarity: finite, its layers and the student's backbone learn, the teacher does not", async (similarity, counts) => {
    const before = tf.memory().numTensors;
    const weights = weightsOf(teacher);
    const own = fcos({ classes: 3, seed: 1, channels: 16 });
    const distiller = semckd({ student: own, teacher, similarity, batch: counts.length, feature: 1 });
    const batch = batchWith(counts);
    const { terms, norms } = distillation({ detector: own, distiller }, batch, teacher.parameters().map(({ variable }) => variable));
    batch.dispose();
    expect(Object.keys(terms)).toEqual(["distill.feature"]);
    for (const { name, group } of own.parameters().filter(({ frozen }) => !frozen)) if (group !== "head") expect(norms[name], name).toBeGreaterThan(0);
    for (const { name } of distiller.parameters().filter(({ frozen }) => !frozen)) expect(Number.isFinite(norms[name]), name).toBe(true);
    expect(norms["regressor00.regressor.0.weight"]).toBeGreaterThan(0);
    expect(teacher.parameters().every(({ variable }) => Number.isNaN(norms[variable.name]))).toBe(true);
    const steps = await train({ detector: own, distiller }, counts);
    expect(steps.every(({ total }) => Number.isFinite(total))).toBe(true);
    expect(steps[3].losses["distill.feature"]).toBeLessThan(steps[0].losses["distill.feature"]);
    expect(new Set(steps.slice(1).map(({ tensors }) => tensors)).size).toBe(1);
    distiller.dispose();
    own.dispose();
    expect(weightsOf(teacher)).toEqual(weights);
    expect(tf.memory().numTensors).toBe(before);
  });

  it("takes pooled samples where batches are small, Gram rows where they are not, and levels by their strides", () => {
    const names = (options: object) => {
      const distiller = semckd({ student, teacher, ...options });
      const shapes = Object.fromEntries(distiller.parameters().map(({ name, variable }) => [name, variable.shape]));
      distiller.dispose();
      return shapes;
    };
    expect(names({})["query_weight0.linear1.weight"]).toEqual([16, 8]);
    expect(names({ batch: 2 })["key_weight0.linear1.weight"]).toEqual([24, 8]);
    expect(names({ batch: 8 })["key_weight0.linear1.weight"]).toEqual([8, 4]);
    const few = names({ levels: { student: [16], teacher: [8, 16] } });
    expect(Object.keys(few).filter((name) => name.endsWith("regressor.0.weight"))).toEqual(["regressor00.regressor.0.weight", "regressor01.regressor.0.weight"]);
  });

  it("refuses batches, levels and options that do not fit, and leaves nothing behind", () => {
    expectNoLeak(() => {
      expect(() => semckd({ student, teacher, similarity: "gram", batch: 2 })).toThrow(/similarity "gram" with batch 2.*whole number from 4.*pooled/);
      expect(() => semckd({ student, teacher, similarity: "row" as never })).toThrow(/similarity is "row"; it must be "gram", "pooled"/);
      expect(() => semckd({ student, teacher, factor: 0 })).toThrow(/factor is 0/);
      expect(() => semckd({ student, teacher, levels: { teacher: [64] } })).toThrow(/levels\.teacher is \[64\].*strides 4, 8, 16/);
      expect(() => semckd({ student, teacher, preset: "coco" as never })).toThrow(/no preset "coco"/);
      const distiller = semckd({ student, teacher, batch: 4 });
      const batch = batchWith([1, 1]);
      expect(() => distiller.hints(batch)).toThrow(/a batch of 2 images.*batches of 4/);
      batch.dispose();
      distiller.dispose();
    });
  });
});
