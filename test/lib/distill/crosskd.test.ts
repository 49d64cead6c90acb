import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { loadBackend } from "../../../lib/backend/load.ts";
import { atss } from "../../../lib/detector/atss.ts";
import type { Detector } from "../../../lib/detector/detector.ts";
import { fasterRcnn } from "../../../lib/detector/faster-rcnn.ts";
import { fcos } from "../../../lib/detector/fcos.ts";
import { gfl } from "../../../lib/detector/gfl.ts";
import { retinanet } from "../../../lib/detector/retinanet.ts";
import { alignScale, crossKd, kdQualityFocal, scaleOf, type CrossKdOptions } from "../../../lib/distill/crosskd.ts";
import { expectGradients, expectNoLeak, normal } from "../tensor/finite-difference.ts";
import { batchWith, distillation, train, weightsOf } from "./taught-run.ts";

beforeAll(async () => void (await loadBackend()));

const small = { classes: 3, channels: 16, backbone: "tiny-8", head: { convs: 2 } };
const kinds: Record<string, (seed: number) => Detector> = {
  retinanet: (seed) => retinanet({ ...small, seed }),
  fcos: (seed) => fcos({ ...small, seed }),
  atss: (seed) => atss({ ...small, seed }),
  gfl: (seed) => gfl({ ...small, seed }),
};

function withPair<T>(kind: string, use: (pair: { readonly student: Detector; readonly teacher: Detector }) => T): T {
  const [student, teacher] = [kinds[kind](1), kinds[kind](2)];
  try {
    return use({ student, teacher });
  } finally {
    student.dispose();
    teacher.dispose();
  }
}

describe("kdQualityFocal", () => {
  it.each([0, 1, 2])("has the gradient of finite differences (β %s)", (beta) => {
    const [logits, teacher, weights] = [normal([6, 4], "x", { scale: 2 }), normal([6, 4], "t", { scale: 2 }), normal([6], "w")];
    const targets = tf.sigmoid(teacher) as tf.Tensor2D;
    expectGradients((x) => kdQualityFocal(x as tf.Tensor2D, targets, { beta, weights: tf.abs(weights) as tf.Tensor1D }), [logits], { step: 3e-3 });
    tf.dispose([logits, teacher, weights, targets]);
  });

  it("is 0 with gradient 0 at equality and finite at ±80 with β from 1", () => {
    tf.tidy(() => {
      const x = tf.tensor2d([[-80, 80, 0, 3]]);
      const { value, grad } = tf.valueAndGrad((y: tf.Tensor) => kdQualityFocal(y as tf.Tensor2D, tf.sigmoid(x), { beta: 1 }))(x);
      expect([value.dataSync()[0], ...grad.dataSync()].every((v) => v === 0)).toBe(true);
      const wrong = tf.valueAndGrad((y: tf.Tensor) => kdQualityFocal(y as tf.Tensor2D, tf.sigmoid(tf.neg(x)), { beta: 1 }))(x);
      expect(wrong.value.dataSync()[0]).toBeGreaterThan(40);
      expect([...wrong.value.dataSync(), ...wrong.grad.dataSync()].every(Number.isFinite)).toBe(true);
    });
  });
});

describe("alignScale", () => {
  it("gives a map the other's mean and deviation, with the gradient of finite differences", () => {
    const [map, other] = [normal([2, 3, 4, 5], "map", { scale: 3, offset: 1 }), normal([2, 3, 4, 5], "other", { offset: -2 })] as tf.Tensor4D[];
    tf.tidy(() => {
      const wanted = scaleOf(other);
      const got = scaleOf(alignScale(map, wanted));
      for (const part of ["mean", "deviation"] as const) expect(tf.max(tf.abs(tf.sub(got[part], wanted[part]))).dataSync()[0]).toBeLessThan(1e-5);
      expect(tf.max(tf.abs(tf.sub(alignScale(map, scaleOf(map)), map))).dataSync()[0]).toBeLessThan(1e-4);
    });
    const scale = tf.tidy(() => ({ ...scaleOf(other) }));
    expectGradients((x) => alignScale(x as tf.Tensor4D, scale), [map]);
    tf.dispose([map, other, scale.mean, scale.deviation]);
  });

  it("makes the wanted mean of a map of one value per channel, with gradient 0", () => {
    tf.tidy(() => {
      const scale = { mean: tf.tensor1d([5]), deviation: tf.tensor1d([2]) };
      const { value, grad } = tf.valueAndGrad((x: tf.Tensor) => tf.sum(alignScale(x as tf.Tensor4D, scale)))(tf.tensor4d([3], [1, 1, 1, 1]));
      expect([value.dataSync()[0], grad.dataSync()[0]]).toEqual([5, 0]);
    });
  });
});

describe("crossKd", () => {
  const terms = { retinanet: ["class", "box"], fcos: ["class", "box"], atss: ["class", "box", "centerness"], gfl: ["class", "box"] };

  it.each(Object.keys(kinds))("of a %s with itself for teacher is 0 but for centre-ness' own entropy", (kind) => {
    withPair(kind, ({ teacher }) => {
      const batch = batchWith([2, 1]);
      const method = crossKd({ student: teacher, teacher, centerness: 0 });
      const { terms: values } = distillation({ detector: teacher, distiller: method }, batch);
      for (const [name, value] of Object.entries(values)) expect(Math.abs(value), name).toBeLessThan(2e-5);
      batch.dispose();
      method.dispose();
    });
  });

  it.each(Object.entries(terms))("trains a %s: its published terms are finite, the student learns as far as its half head, the teacher does not", async (kind, names) => {
    const before = tf.memory().numTensors;
    const [student, teacher] = [kinds[kind](1), kinds[kind](2)];
    const weights = weightsOf(teacher);
    const distiller = crossKd({ student, teacher, convs: 1 });
    const batch = batchWith([2, 0]);
    const { terms: values, norms } = distillation({ detector: student, distiller }, batch, teacher.parameters().map(({ variable }) => variable));
    batch.dispose();
    expect(Object.keys(values)).toEqual(names.map((name) => `distill.${name}`));
    for (const value of Object.values(values)) expect(value).toBeGreaterThan(0);
    for (const { name, group } of student.parameters().filter(({ frozen }) => !frozen)) if (group === "backbone") expect(norms[name], name).toBeGreaterThan(0);
    // The student's maps pass through the teacher's head, which nobody trains; nothing reaches what is below it.
    expect(teacher.parameters().every(({ variable, group }) => group === "head" || Number.isNaN(norms[variable.name]))).toBe(true);
    const steps = await train({ detector: student, distiller }, [2, 0], { iterations: 3 });
    expect(steps.every(({ total }) => Number.isFinite(total))).toBe(true);
    expect(steps[2].tensors).toBe(steps[1].tensors);
    distiller.dispose();
    expect(weightsOf(teacher)).toEqual(weights);
    [student, teacher].forEach((one) => one.dispose());
    expect(tf.memory().numTensors).toBe(before);
  });

  it("is finite for a batch without objects: FCOS's divisor is at least 1, which an option undoes", () => {
    withPair("fcos", ({ student, teacher }) => {
      const batch = batchWith([0]);
      const classOf = (options: Partial<CrossKdOptions>) => {
        const method = crossKd({ student, teacher, ...options });
        const value = distillation({ detector: student, distiller: method }, batch).terms["distill.class"];
        method.dispose();
        return value;
      };
      expect(classOf({ least: 1e-6 }) / classOf({}) / 1e6).toBeCloseTo(1, 4);
      batch.dispose();
    });
  });

  it("lets GFL compare boxes by overlap, and crosses kinds of detectors, whose teacher's head decides", () => {
    const [student, teacher, other] = [kinds.gfl(1), kinds.gfl(2), kinds.retinanet(3)];
    const batch = batchWith([2]);
    for (const method of [crossKd({ student, teacher, boxLoss: "giou" }), crossKd({ student, teacher: other }), crossKd({ student, teacher, convs: 0 })]) {
      const { terms: values } = distillation({ detector: student, distiller: method }, batch);
      expect(Object.values(values).every((value) => Number.isFinite(value) && value > 0)).toBe(true);
      method.dispose();
    }
    batch.dispose();
    [student, teacher, other].forEach((one) => one.dispose());
  });

  it("refuses by name heads that cannot be split or do not fit, and leaves nothing behind", () => {
    const [student, wide, more, two] = [kinds.retinanet(1), retinanet({ ...small, seed: 1, channels: 32 }), retinanet({ ...small, seed: 1, classes: 4 }), fasterRcnn({ classes: 3, seed: 1, channels: 16 })];
    const batch = batchWith([1]);
    expectNoLeak(() => {
      expect(() => crossKd({ student, teacher: two })).toThrow(new RegExp(`the head of ${two.name} cannot be split`));
      expect(() => crossKd({ student: two, teacher: student })).toThrow(/cannot be split; RetinaNet, FCOS, ATSS and GFL/);
      expect(() => crossKd({ student, teacher: wide })).toThrow(/16 channels, the teacher .* 32; .*both need the same/);
      expect(() => crossKd({ student, teacher: more })).toThrow(/3 classes, the teacher .* 4/);
      expect(() => crossKd({ student, teacher: student, convs: 3 })).toThrow(/convs is 3; it must be a whole number from 0 to 2/);
      expect(() => crossKd({ student, teacher: student, beta: 0.5 })).toThrow(/beta is 0.5/);
      expect(() => crossKd({ student, teacher: student, boxLoss: "l1" as never })).toThrow(/boxLoss is "l1"/);
      for (const [options, message] of [[{ boxLoss: "kl" }, /compares distributions over bins.*4 numbers per box/], [{ centerness: 1 }, /says no centre-ness/]] as const) {
        const method = crossKd({ student, teacher: student, ...options });
        expect(() => method.hints(batch)).toThrow(message);
        method.dispose();
      }
    });
    batch.dispose();
    [student, wide, more, two].forEach((one) => one.dispose());
  });
});
