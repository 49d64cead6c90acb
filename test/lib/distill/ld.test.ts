import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadBackend } from "../../../lib/backend/load.ts";
import { assignmentOf, type AssignedLevel } from "../../../lib/detector/assignment.ts";
import type { Detector, Prediction } from "../../../lib/detector/detector.ts";
import { fcos } from "../../../lib/detector/fcos.ts";
import { gfl } from "../../../lib/detector/gfl.ts";
import { retinanet } from "../../../lib/detector/retinanet.ts";
import { ld, type LdOptions } from "../../../lib/distill/ld.ts";
import { ldRegions } from "../../../lib/distill/ld-regions.ts";
import { expectNoLeak } from "../tensor/finite-difference.ts";
import { normal } from "./finite-difference.ts";
import { batchWith, distillation, edge, train, weightsOf } from "./taught-run.ts";

let student: Detector;
let teacher: Detector;
beforeAll(async () => {
  await loadBackend();
  student = gfl({ classes: 3, seed: 1, channels: 16 });
  teacher = gfl({ classes: 3, seed: 2, channels: 24 });
});
afterAll(() => {
  student.dispose();
  teacher.dispose();
});

/** A level of square anchors of 16 pixels, 8 apart, over a row of 8 cells; those of `ignored` are ignored. */
function row(objects: readonly number[]): AssignedLevel {
  const coordinates = Float64Array.from(objects.flatMap((_, i) => [8 * i - 8, -8, 8 * i + 8, 8]));
  return { height: 1, width: objects.length, strideY: 8, strideX: 8, perCell: 1, kind: "box", coordinates, objects: Int32Array.from(objects) };
}

/** The weighted terms of the student's and the teacher's own predictions, changed. */
function termsOf(options: Partial<LdOptions>, counts: readonly number[], change: { readonly student?: (p: Prediction) => Prediction; readonly teacher?: (p: Prediction) => Prediction } = {}): Record<string, number> {
  const batch = batchWith(counts);
  const told = { ...teacher, forward: (images: tf.Tensor4D) => (change.teacher ?? ((p) => p))(teacher.forward(images)) };
  const method = ld({ student, teacher: told, ...options });
  const hints = method.hints(batch);
  const terms = tf.tidy(() => Object.entries(method.loss((change.student ?? ((p) => p))(student.forward(batch.images)), hints, batch, { iteration: 0, detector: student }))
    .map(([name, { value, weight }]) => [name, value.dataSync()[0] * weight] as const));
  tf.dispose(Object.values(hints).flat());
  batch.dispose();
  method.dispose();
  return Object.fromEntries(terms);
}

/** Mean over the bins of p·(log p − log q), in double precision. */
function meanKl(p: readonly number[], q: readonly number[]): number {
  const logs = (x: readonly number[]) => x.map((v) => v - Math.log(x.reduce((sum, w) => sum + Math.exp(w), 0)));
  const [a, b] = [logs(p), logs(q)];
  return a.reduce((sum, v, i) => sum + Math.exp(v) * (v - b[i]), 0) / p.length;
}

describe("ldRegions", () => {
  const levels = [row([-1, -1, 0, -1, -1, -1, -2, -2])];
  const target = { boxes: Float32Array.of(8, -8, 24, 8) };

  it("takes the assignment's positives, and as valuable what comes near ATSS's threshold by DIoU", () => {
    // IoU of the nine nearest (of six that are not ignored) with the object: 1/3 and 1 beside 0.
    const { main, valuable } = ldRegions(levels, target, { gamma: 0.25, candidates: 9 });
    expect(main).toEqual({ priors: [2], levels: [0] });
    const iou = [0, 1 / 3, 1, 1 / 3, 0, 0];
    const mean = iou.reduce((a, b) => a + b) / 6;
    const threshold = mean + Math.sqrt(iou.reduce((sum, v) => sum + (v - mean) ** 2, 0) / 5);
    const distance = 1 / 3 - 64 / (24 ** 2 + 16 ** 2);
    expect(distance).toBeGreaterThan(0.25 * threshold);
    expect(valuable.priors).toEqual([1, 3]);
    expect(valuable.overlaps[0]).toBeCloseTo(1 / 3, 6);
    expect(ldRegions(levels, target, { gamma: 1, candidates: 9 }).valuable.priors).toEqual([]);
  });

  it("is empty without objects, for objects without area, and among ignored anchors", () => {
    const none = { main: { priors: [], levels: [] }, valuable: { priors: [], overlaps: [] } };
    const background = [row([-1, -1, -1])];
    expect(ldRegions(background, { boxes: new Float32Array(0) }, { gamma: 0.25, candidates: 9 })).toEqual(none);
    expect(ldRegions(background, { boxes: Float32Array.of(8, 0, 8, 9) }, { gamma: 0.25, candidates: 9 })).toEqual(none);
    expect(ldRegions([row([-2, -2, -2])], target, { gamma: 0.25, candidates: 9 })).toEqual(none);
  });
});

describe("ld", () => {
  it("is 0 with gradient 0 where the student says what the teacher says, on box and class alike", () => {
    const batch = batchWith([2, 1]);
    const method = ld({ student: teacher, teacher });
    const { terms, norms } = distillation({ detector: teacher, distiller: method }, batch);
    expect(Object.keys(terms)).toEqual(["distill.box", "distill.valuable", "distill.class"]);
    for (const value of Object.values(terms)) expect(Math.abs(value)).toBeLessThan(1e-6);
    for (const norm of Object.values(norms)) expect(Number.isNaN(norm) || norm < 1e-5).toBe(true);
    batch.dispose();
    method.dispose();
  });

  it("is the definition, written out over the positives", () => {
    const counts = [3, 1];
    const batch = batchWith(counts);
    const expected = tf.tidy(() => {
      const [own, other] = [student.forward(batch.images), teacher.forward(batch.images)];
      let sum = 0;
      for (const [image, target] of batch.targets.entries()) {
        for (const [l, { objects }] of assignmentOf(student, target, edge).entries()) {
          for (const [cell, object] of objects.entries()) {
            if (object < 0) continue;
            const [y, x] = [Math.floor(cell / own.boxes[l].shape[2]), cell % own.boxes[l].shape[2]];
            const at = (map: tf.Tensor4D) => tf.reshape(tf.slice(map, [image, y, x, 0], [1, 1, 1, -1]), [-1]);
            const [s, t] = [own, other].map(({ boxes }) => Array.from(at(boxes[l]).dataSync(), (v) => v / 10));
            const sides = [0, 1, 2, 3].map((side) => meanKl(t.slice(9 * side, 9 * side + 9), s.slice(9 * side, 9 * side + 9)));
            sum += tf.max(tf.sigmoid(at(own.logits[l]))).dataSync()[0] * (100 * sides.reduce((a, b) => a + b)) / 4;
          }
        }
      }
      return sum;
    });
    batch.dispose();
    expect(expected).toBeGreaterThan(0);
    expect(termsOf({ box: 1 }, counts)["distill.box"] / expected).toBeCloseTo(1, 4);
    expect(termsOf({ box: 1, bins: "sum" }, counts)["distill.box"] / expected).toBeCloseTo(9, 3);
  });

  it("leaves out what has weight 0, counts the valuable region by IoU or by one, and divides by weights when asked", () => {
    expect(Object.keys(termsOf({ valuable: 0, class: 0 }, [2]))).toEqual(["distill.box"]);
    const [iou, one] = ["iou", "one"].map((valuableWeight) => termsOf({ valuable: 1, valuableWeight } as Partial<LdOptions>, [3])["distill.valuable"]);
    expect(one).toBeGreaterThan(iou);
    expect(termsOf({ valuable: 1, normaliser: "weights" }, [3])["distill.valuable"]).toBeLessThan(iou);
  });

  it("is finite for images without objects (0) and for logits of ±80", () => {
    expect(termsOf({}, [0, 0])).toEqual({ "distill.box": 0, "distill.valuable": 0, "distill.class": 0 });
    const loud = (key: string) => (p: Prediction): Prediction => {
      const extreme = (map: tf.Tensor4D, l: number) => tf.mul<tf.Tensor4D>(tf.sign(normal(`${key}${l}`, map.shape)), 80);
      return { ...p, logits: p.logits.map(extreme), boxes: p.boxes.map(extreme) };
    };
    const terms = termsOf({ temperature: 1, classTemperature: 1 }, [2, 1], { student: loud("a"), teacher: loud("b") });
    for (const value of Object.values(terms)) expect(Number.isFinite(value) && value > 0).toBe(true);
  });

  it("trains: finite, the student's backbone learns, the teacher does not, nothing leaks", async () => {
    const before = tf.memory().numTensors;
    const weights = weightsOf(teacher);
    const own = gfl({ classes: 3, seed: 1, channels: 16 });
    const distiller = ld({ student: own, teacher });
    const batch = batchWith([2, 0]);
    const { norms } = distillation({ detector: own, distiller }, batch, teacher.parameters().map(({ variable }) => variable));
    batch.dispose();
    for (const { name, group } of own.parameters().filter(({ frozen }) => !frozen)) if (group === "backbone") expect(norms[name], name).toBeGreaterThan(0);
    expect(teacher.parameters().every(({ variable }) => Number.isNaN(norms[variable.name]))).toBe(true);
    const steps = await train({ detector: own, distiller }, [2, 0]);
    expect(steps.every(({ total }) => Number.isFinite(total))).toBe(true);
    expect(steps[3].losses["distill.class"]).toBeLessThan(steps[0].losses["distill.class"]);
    expect(new Set(steps.slice(1).map(({ tensors }) => tensors)).size).toBe(1);
    distiller.dispose();
    own.dispose();
    expect(weightsOf(teacher)).toEqual(weights);
    expect(tf.memory().numTensors).toBe(before);
  });

  it("refuses by name what it cannot compare, and leaves nothing behind", () => {
    const others = [retinanet({ classes: 3, seed: 0 }), fcos({ classes: 3, seed: 0 }), gfl({ classes: 4, seed: 0 }), gfl({ classes: 3, seed: 0, head: { bins: 5 } })];
    const [retina, points, more, fewer] = others;
    const batch = batchWith([1]);
    expectNoLeak(() => {
      for (const other of [retina, points]) {
        const method = ld({ student: other, teacher: other });
        expect(() => method.hints(batch)).toThrow(new RegExp(`${other.name} says .* Use GFL for student and teacher`));
        method.dispose();
      }
      expect(() => ld({ student, teacher: more })).toThrow(/3 classes.*4; both must know the same/);
      expect(() => ld({ student: { ...student, strides: [8, 16, 32] }, teacher })).toThrow(/levels of strides 8, 16, 32/);
      expect(() => ld({ student, teacher, bins: "max" as never })).toThrow(/bins is "max"; it must be "mean", "sum"/);
      expect(() => ld({ student, teacher, temperature: 0 })).toThrow(/temperature is 0/);
      expect(() => ld({ student, teacher, gamma: 2 })).toThrow(/gamma is 2/);
      const method = ld({ student, teacher: fewer });
      const hints = method.hints(batch);
      expect(() => tf.tidy(() => { method.loss(student.forward(batch.images), hints, batch, { iteration: 0, detector: student }); })).toThrow(/9 bins per side, the teacher 5/);
      tf.dispose(Object.values(hints).flat());
      method.dispose();
    });
    batch.dispose();
    others.forEach((one) => one.dispose());
  });
});
