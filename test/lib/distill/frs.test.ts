import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { loadBackend } from "../../../lib/backend/load.ts";
import type { Batch } from "../../../lib/data/batch.ts";
import { fasterRcnn } from "../../../lib/detector/faster-rcnn.ts";
import { fcos } from "../../../lib/detector/fcos.ts";
import { gfl } from "../../../lib/detector/gfl.ts";
import { retinanet } from "../../../lib/detector/retinanet.ts";
import type { Detector } from "../../../lib/detector/detector.ts";
import { frs, frsFeature, frsHead, frsPresets, type FrsOptions } from "../../../lib/distill/frs.ts";
import { normalisedScores } from "../../../lib/distill/score-mask.ts";
import { training } from "../../../lib/train/training.ts";
import { expectGradients, expectNoLeak, normal } from "../tensor/finite-difference.ts";
import { targetsOf } from "./tiny.ts";

beforeAll(async () => void (await loadBackend()));

const edge = { height: 64, width: 64 };
const shapes: readonly [number, number, number][] = [[2, 4, 6], [2, 2, 3]];
const map = (l: number, channels: number, key: string, at = {}) => normal([...shapes[l], channels], `${key} ${l}`, at) as tf.Tensor4D;
const both = <T>(f: (l: number) => T) => [f(0), f(1)];

/** The terms of two levels whose teacher logits are multiplied or shifted. */
function problem({ shift = 0, scale = 2 } = {}) {
  const logits = both((l) => map(l, 6, "teacher logits", { scale, offset: shift - 3 }));
  const hints = { maps: both((l) => map(l, 5, "teacher")), probabilities: logits.map((y) => tf.sigmoid(y)), weights: logits.map((y) => normalisedScores(y)) };
  return { logits, hints, maps: both((l) => map(l, 5, "student")), own: both((l) => map(l, 6, "student logits", { scale: 2 })) };
}

const number = (f: () => tf.Scalar) => tf.tidy(() => [f().dataSync()[0]])[0];
const relative = (a: number, b: number) => Math.abs(a / b - 1);

describe("the terms of FRS", () => {
  it("are the weighted sums written out", () => {
    const { logits, hints, maps, own } = problem();
    let [feature, head] = [0, 0];
    shapes.forEach((shape, l) => {
      const cells = shape.reduce((a, b) => a * b, 1);
      const [f, t, x, y] = [maps[l], hints.maps[l], own[l], logits[l]].map((tensor) => tensor.dataSync());
      const sigmoid = (v: number) => 1 / (1 + Math.exp(-v));
      const scores = Array.from({ length: cells }, (_, i) => Math.max(...Array.from(y.slice(6 * i, 6 * i + 6), sigmoid)));
      const sum = scores.reduce((a, b) => a + b);
      scores.forEach((score, i) => {
        for (let c = 0; c < 5; c++) feature += (score / sum) * (f[5 * i + c] - t[5 * i + c]) ** 2;
        for (let c = 0; c < 6; c++) head -= (score / sum) * (sigmoid(y[6 * i + c]) * Math.log(sigmoid(x[6 * i + c])) + (1 - sigmoid(y[6 * i + c])) * Math.log(1 - sigmoid(x[6 * i + c])));
      });
    });
    expect(relative(number(() => frsFeature(maps, hints)), feature)).toBeLessThan(1e-6);
    for (const form of ["logits", "single", "double"] as const) expect(relative(number(() => frsHead(own, hints, form)), head), form).toBeLessThan(1e-5);
  });

  it("have the gradients of their values", () => {
    const { hints, maps, own } = problem();
    expectGradients((...x) => frsFeature(x as tf.Tensor4D[], hints), maps);
    for (const form of ["logits", "single", "double"] as const) expectGradients((...x) => frsHead(x as tf.Tensor4D[], hints, form), own);
  });

  it("do not change when the mask is multiplied by a number: S = e^y·c where all scores are small", () => {
    const [far, farther] = [-40, -70].map((shift) => problem({ shift, scale: 1 }));
    expect(relative(number(() => frsFeature(far.maps, far.hints)), number(() => frsFeature(farther.maps, farther.hints)))).toBeLessThan(1e-5);
  });

  it("are plain means over the cells for equal scores", () => {
    const { hints, maps } = problem({ scale: 0 });
    const mean = number(() => tf.addN(maps.map((x, l) => tf.div<tf.Scalar>(tf.sum(tf.squaredDifference(x, hints.maps[l])), x.size / 5))));
    expect(relative(number(() => frsFeature(maps, hints)), mean)).toBeLessThan(1e-6);
  });

  it("are at rest where the student says what the teacher says; L_head is then the teacher's weighted entropy, not 0", () => {
    const { hints, logits } = problem();
    const [value, ...slopes] = tf.tidy(() => {
      const { value: v, grads } = tf.valueAndGrads((...x) => frsHead(x as tf.Tensor4D[], hints))(logits);
      return [v.dataSync()[0], ...grads.map((g) => tf.max(tf.abs(g)).dataSync()[0])];
    });
    const entropy = number(() => tf.addN(hints.probabilities.map((p, l) => {
      const bits = tf.neg(tf.add(tf.mul(p, tf.log(p)), tf.mul(tf.sub(1, p), tf.log(tf.sub(1, p)))));
      return tf.sum<tf.Scalar>(tf.mul(bits, hints.weights[l]));
    })));
    expect(relative(value, entropy)).toBeLessThan(1e-5);
    expect(slopes).toEqual([0, 0]);
    expect(number(() => frsFeature(hints.maps, hints))).toBe(0);
    expect(number(() => tf.max(tf.abs(tf.grads((...x) => frsFeature(x as tf.Tensor4D[], hints))(hints.maps)[0])))).toBe(0);
  });

  it("stay finite for logits of ±80 on both sides; only the exact form still teaches a student that is saturated and wrong", () => {
    const extreme = (key: string) => tf.tidy(() => tf.mul<tf.Tensor4D>(tf.sign(normal([1, 4, 4, 6], key)), 80));
    const [own, teacher] = [extreme("a"), extreme("b")];
    const hints = { probabilities: [tf.sigmoid(teacher)], weights: [normalisedScores(teacher)] };
    for (const form of ["logits", "single", "double"] as const) {
      const { value, steepest, finite } = tf.tidy(() => {
        const { value: v, grad } = tf.valueAndGrad((x) => frsHead([x as tf.Tensor4D], hints, form))(own);
        return { value: v.dataSync()[0], steepest: tf.max(tf.abs(grad)).dataSync()[0], finite: tf.all(tf.isFinite(grad)).dataSync()[0] } as never;
      }) as { value: number; steepest: number; finite: number };
      expect(Number.isFinite(value), form).toBe(true);
      expect(finite, form).toBe(1);
      if (form === "logits") expect(steepest).toBeGreaterThan(0.01);
      else expect(steepest).toBeLessThan(1e-12);
    }
  });

  it("of single and double precision are those of the code's rounded probabilities far out", () => {
    // 1 − σ(x) in steps of 2^−52 (2^−23 in single precision); −log σ(x) down to where e^−x overflows.
    const cases = [[33.3, 0, "double"], [35.2, 0, "double"], [36.8, 0, "double"], [-99, 1, "double"], [15.4, 0, "single"], [16.7, 0, "single"], [-87.75, 1, "single"], [-89, 1, "single"]] as const;
    const expected = [33.3, 35.2].map((x) => -Math.log(1 - 1 / (1 + Math.exp(-Math.fround(x)))));
    const steps = Math.round(Math.exp(-Math.fround(15.4)) * 2 ** 23);
    expected.push(100, 99, -Math.log(steps * 2 ** -23), 100, 87.75, 100);
    const one = (value: number) => tf.fill<tf.Rank.R4>([1, 1, 1, 1], value);
    const values = cases.map(([x, t, form]) => number(() => frsHead([one(x)], { probabilities: [one(t)], weights: [one(1)] }, form)));
    values.forEach((value, i) => expect(relative(value, expected[i]), String(cases[i])).toBeLessThan(1e-6));
    const slope = number(() => tf.sum<tf.Scalar>(tf.grad((x) => frsHead([x as tf.Tensor4D], { probabilities: [one(0)], weights: [one(1)] }, "double"))(one(33.3))));
    expect(relative(slope, (1 - 1 / (1 + Math.exp(-Math.fround(33.3)))) * 1e12)).toBeLessThan(1e-5);
  });

  it("take no part of a level whose scores vanish but their ratios; nothing kept is 0, the code's arithmetic NaN", () => {
    const logits = map(0, 6, "gone", { offset: -300 });
    const sum = (options = {}) => number(() => tf.sum(normalisedScores(logits, options)));
    expect(sum()).toBeCloseTo(1, 5);
    expect(sum({ arithmetic: "single" })).toBeNaN();
    expect(sum({ kept: tf.zeros(shapes[0]) })).toBe(0);
    const nothing = tf.fill<tf.Rank.R4>([1, 2, 2, 3], -Infinity);
    expect(number(() => tf.sum(normalisedScores(nothing)))).toBe(0);
  });
});

const small = { classes: 3, channels: 16, backbone: "tiny-8" } as const;
const kinds = { retinanet, fcos, gfl, fasterRcnn } as const;
type Kind = keyof typeof kinds;
const make = (kind: Kind, seed: number, changes = {}): Detector => kinds[kind]({ ...small, seed, ...changes });
const targets = targetsOf([3, 0]).map((target) => ({ ...target, ...edge }));

async function* batches(): AsyncGenerator<Batch> {
  for (;;) {
    const images = normal([2, 64, 64, 3], "images") as tf.Tensor4D;
    yield { images, targets, dispose: () => images.dispose() };
  }
}

const values = (detector: Detector) => detector.parameters().map(({ variable }) => Array.from(variable.dataSync()));

describe("FRS in training", () => {
  it.each(Object.keys(kinds) as Kind[])("%s: its own weights, falling terms, nothing leaks, the teacher stays as it is", async (kind) => {
    const before = tf.memory().numTensors;
    const [teacher, student] = [make(kind, 1), make(kind, 2)];
    const taughtBy = values(teacher);
    const method = frs({ teacher, student, warmup: 2, weight: 3 });
    const start = values(student);
    const adapters = method.parameters().map(({ variable }) => Array.from(variable.dataSync()));
    expect(method.parameters().map(({ name }) => name)).toEqual(teacher.strides.flatMap((_, l) => [`stu_feature_adap.conv.${l}.weight`, `stu_feature_adap.conv.${l}.bias`]));
    const run = training({ detector: student, distiller: method, batches, iterations: 4, optimiser: { learningRate: () => 0.005 } });
    const steps = [];
    for await (const step of run.steps()) steps.push(step);
    const { feature, head } = frsPresets[kind];
    expect(steps[0].weighted["distill.feature"]).toBe(0);
    expect(steps[1].weighted["distill.feature"] / steps[1].losses["distill.feature"]).toBeCloseTo(3 * feature * 0.5, 8);
    expect(steps[3].weighted["distill.head"] / steps[3].losses["distill.head"]).toBeCloseTo(3 * head, 8);
    expect(steps[3].losses["distill.feature"]).toBeLessThan(steps[1].losses["distill.feature"]);
    expect(values(teacher)).toEqual(taughtBy);
    expect(method.parameters().every(({ variable }, i) => Array.from(variable.dataSync()).some((v, j) => v !== adapters[i][j]))).toBe(true);
    expect(values(student)).not.toEqual(start);
    expect(new Set(steps.slice(1).map(({ tensors }) => tensors)).size).toBe(1);
    run.dispose();
    method.dispose();
    tf.dispose([teacher, student].flatMap((detector) => { detector.dispose(); return []; }));
    expect(tf.memory().numTensors).toBe(before);
  });

  it("reaches the student's backbone by each term, never the teacher", () => {
    const [teacher, student] = [make("retinanet", 1), make("retinanet", 2)];
    const images = normal([2, 64, 64, 3], "images") as tf.Tensor4D;
    const batch = { images, targets, dispose: () => undefined };
    for (const only of [{ head: 0 }, { feature: 0 }] as const) {
      const method = frs({ teacher, student, ...only });
      const hints = method.hints(batch);
      const trained = (detector: Detector) => detector.parameters().filter(({ frozen }) => !frozen);
      const run = () => tf.tidy(() => {
        const term = Object.values(method.loss(student.forward(images), hints, batch, { iteration: 1000, detector: student }));
        expect(term).toHaveLength(1);
        return term[0].value;
      });
      const { value, grads } = tf.variableGrads(run, [...trained(student), ...method.parameters()].map(({ variable }) => variable));
      const backbone = trained(student).filter(({ group }) => group === "backbone");
      expect(backbone.every(({ variable }) => grads[variable.name] !== undefined && tf.tidy(() => tf.any(tf.notEqual(grads[variable.name], 0)).dataSync()[0]) === 1)).toBe(true);
      expect(method.parameters().length).toBe("feature" in only ? 0 : 2 * teacher.strides.length);
      expect(() => tf.variableGrads(run, trained(teacher).map(({ variable }) => variable))).toThrow(/Cannot find a connection/);
      tf.dispose([value, grads, ...Object.values(hints).flat()]);
      method.dispose();
    }
    images.dispose();
    teacher.dispose();
    student.dispose();
  });

  it("takes images without objects and regions without cells", async () => {
    const [teacher, student] = [make("fcos", 1), make("fcos", 2)];
    const empty = targetsOf([0, 0]).map((target) => ({ ...target, ...edge }));
    const bare = async function* (): AsyncGenerator<Batch> { for await (const batch of batches()) yield { ...batch, targets: empty }; };
    const method = frs({ teacher, student, warmup: 0, regions: ["TP", "FN"] });
    const run = training({ detector: student, distiller: method, batches: bare, iterations: 2, optimiser: { learningRate: () => 0.01 } });
    for await (const { losses } of run.steps()) expect([losses["distill.feature"], losses["distill.head"]]).toEqual([0, 0]);
    run.dispose();
    [method, teacher, student].forEach((one) => one.dispose());
  });

  it("leaves nothing behind when it refuses", () => {
    const [student, teacher, coarse, wide, other] = [make("retinanet", 2), make("retinanet", 1), { ...make("retinanet", 1), name: "coarse", strides: [16, 32, 64] }, make("retinanet", 1, { channels: 24 }), make("fcos", 1)];
    const refused = (options: Partial<FrsOptions>, message: RegExp) => expectNoLeak(() => expect(() => frs({ teacher, student, ...options })).toThrow(message));
    refused({ teacher: coarse }, /student retinanet-.*strides 4, 8, 16, .*teacher coarse of 16, 32, 64/);
    refused({ teacher: wide, adapter: "none" }, /student retinanet-.* has 16 channels, the teacher retinanet-.* 24/);
    refused({ preset: "yolo" as never }, /no preset "yolo"; allowed: retinanet, gfl, fcos, fasterRcnn/);
    refused({ feature: -1 }, /weight feature is -1/);
    refused({ feature: 0, head: 0 }, /both 0/);
    refused({ crossEntropy: "soft" as never }, /crossEntropy is "soft"/);
    refused({ regions: [] }, /one or more of TP, FP, FN, TN/);
    refused({ regions: { keep: ["TP"], threshold: 1 } }, /threshold is 1/);
    refused({ warmup: 0.5 }, /ramp: the iteration is 0.5/);
    const images = normal([1, 64, 64, 3], "images") as tf.Tensor4D;
    const batch = { images, targets: targets.slice(0, 1), dispose: () => undefined };
    expectNoLeak(() => {
      const method = frs({ teacher: other, student });
      const hints = method.hints(batch);
      expect(() => tf.tidy(() => { method.loss(student.forward(images), hints, batch, { iteration: 0, detector: student }); })).toThrow(/student retinanet-.* has class outputs \[1, 16, 16, 6\] on level 0, the teacher fcos-.* \[1, 16, 16, 3\]/);
      tf.dispose(Object.values(hints).flat());
      method.dispose();
    });
    images.dispose();
    [student, teacher, coarse, wide, other].forEach((detector) => detector.dispose());
  });
});
