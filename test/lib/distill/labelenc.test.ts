import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { loadBackend } from "../../../lib/backend/load.ts";
import type { Detector } from "../../../lib/detector/detector.ts";
import { fasterRcnn } from "../../../lib/detector/faster-rcnn.ts";
import { saveWeights } from "../../../lib/detector/weights/save.ts";
import { labelEncodingFunction } from "../../../lib/distill/label-encoding.ts";
import { encodingDistance, labelEnc, startStep2, type LabelEncOptions } from "../../../lib/distill/labelenc.ts";
import { gradientError, normal } from "./finite-difference.ts";
import { groupOf, slopesOf, tinyBatch, tinyOf, tinySize, trainTiny } from "./tiny-run.ts";

beforeAll(async () => void (await loadBackend()));

let before = 0;
let student: Detector;
beforeEach(() => {
  before = tf.memory().numTensors;
  student = tinyOf("retinanet", 1);
});
/** Whatever a test does, nothing is left when the detector is gone. */
afterEach(() => {
  student.dispose();
  expect(tf.memory().numTensors).toBe(before);
});

const map = (name: string, ...shape: number[]) => normal(name, shape) as tf.Tensor4D;
const targets = () => { const batch = tinyBatch(); batch.dispose(); return batch.targets; };
const valuesOf = (parameters: ReturnType<Detector["parameters"]>) => parameters.map(({ variable }) => [...variable.dataSync()]);
const neck = { extraFrom: "c5", extraRelu: true } as const;

describe("the label encoding function", () => {
  it("gives a pyramid of the student's shape, as wide as its backbone, that depends on the labels", () => {
    const encoder = labelEncodingFunction({ student, neck });
    tf.tidy(() => {
      const { stages, pyramid } = encoder.encode(targets(), tinySize);
      const own = student.extract(tf.zeros([2, tinySize.height, tinySize.width, 3]));
      expect(pyramid.map(({ shape }) => shape)).toEqual(own.map(({ shape }) => shape));
      expect(stages.map(({ shape }) => shape[3])).toEqual([4, 8, 16]);
      const [first, empty] = tf.split(pyramid[0], 2);
      expect(tf.max(tf.abs(tf.sub(first, empty))).dataSync()[0]).toBeGreaterThan(1e-3);
    });
    encoder.dispose();
  });

  it("has the published form where the student does not show its own widths, all of it the method's", () => {
    const shape = { name: "retinanet", classes: 80, channels: 8, strides: [8, 16, 32, 64, 128] };
    const encoder = labelEncodingFunction({ student: shape, neck });
    const body = encoder.parameters().filter(({ name }) => name.startsWith("body."));
    const bottleneck = (input: number, output: number, first: boolean) => (first ? input * output : 0) + (input * output) / 4 + output / 4 + (9 * output * output) / 16 + output / 4 + (output * output) / 4 + output;
    const count = 49 * 80 * 128 + 128 + bottleneck(128, 256, true) + bottleneck(256, 512, true) + bottleneck(512, 512, false) + bottleneck(512, 1024, true) + bottleneck(1024, 1024, false) + bottleneck(1024, 2048, true);
    expect(body.reduce((sum, { variable }) => sum + variable.size, 0)).toBe(count);
    expect(encoder.parameters().every(({ group }) => group === "distill")).toBe(true);
    encoder.dispose();
  });

  it("has the right slope by the first filter, whose absent classes get none", () => {
    const encoder = labelEncodingFunction({ student: { ...student, classes: 5 }, neck });
    const [{ variable }] = encoder.parameters();
    const run = () => tf.sum<tf.Scalar>(encoder.encode(targets(), tinySize).pyramid[0]);
    tf.tidy(() => {
      const start = tf.clone(variable);
      const { grads } = tf.variableGrads(run, [variable]);
      const slope = grads[variable.name];
      const byClass = [...tf.max(tf.abs(slope), [0, 1, 3]).dataSync()];
      const present = new Set(targets().flatMap(({ labels }) => [...labels]));
      expect(byClass.map((value) => value > 0)).toEqual([0, 1, 2, 3, 4].map((k) => present.has(k)));
      const norm = tf.norm(slope).dataSync()[0];
      const at = (h: number) => { variable.assign(tf.add(start, tf.mul(slope, h / norm))); return run().dataSync()[0]; };
      expect((at(1e-3) - at(-1e-3)) / 2e-3 / norm).toBeCloseTo(1, 2);
      variable.assign(start);
    });
    encoder.dispose();
  });

  it("takes widths and depths, and says which do not fit", () => {
    const build = (options: object) => () => labelEncodingFunction({ student, neck, ...options }).dispose();
    expect(build({ widths: { stem: 2, stages: [4, 4, 4], blocks: [1, 1, 3] } })).not.toThrow();
    expect(build({ widths: { stages: [4, 8] } })).toThrow("widths.stages is [4, 8]; the student");
    expect(build({ widths: { blocks: [1, 0, 1] } })).toThrow("widths.blocks [1, 0, 1]");
    expect(build({ student: { ...student, strides: [8, 32] } })).toThrow("levels of strides 8, 32");
    const encoder = labelEncodingFunction({ student, neck });
    expect(() => tf.tidy(() => { encoder.encode([{ boxes: Float32Array.of(0, 0, 4, 4), labels: Int32Array.of(3) }], tinySize); })).toThrow("a box has class 3; the encoder was built for classes 0 to 2");
    encoder.dispose();
  });
});

describe("the distance", () => {
  it("is 0 with slope 0 between equal maps, shift and scale invariant, and has the right slope", () => {
    tf.tidy(() => {
      const [a, b] = [[map("a", 2, 4, 3, 5), map("a1", 2, 2, 2, 5)], [map("b", 2, 4, 3, 5), map("b1", 2, 2, 2, 5)]];
      expect(encodingDistance(a, a).dataSync()[0]).toBe(0);
      const [value] = encodingDistance(a, b).dataSync();
      expect(encodingDistance(a.map((x) => tf.add(tf.mul(x, 3), 2)), b).dataSync()[0]).toBeCloseTo(value, 4);
      expect(Math.max(...tf.grad((x) => encodingDistance([x as tf.Tensor4D], [a[0]]))(a[0]).dataSync().map(Math.abs))).toBeLessThan(1e-7);
      expect(gradientError((x) => encodingDistance([x as tf.Tensor4D, a[1]], b), a[0], 0.05)).toBeLessThan(1e-3);
    });
  });
});

describe("step 1", () => {
  const step1 = (options: Partial<LabelEncOptions> = {}) => labelEnc({ step: 1, student, distanceFrom: 2, ...options });

  it("trains encoder, adapter and detector, the distance from its iteration on, and leaks nothing", async () => {
    const method = step1();
    const start = valuesOf(method.parameters());
    // Without norms the encoder asks for small steps at its start.
    const steps = await trainTiny(student, method, 12, 1e-3);
    expect(steps.map(({ losses }) => "distill.distance" in losses)).toEqual([false, false, ...Array.from({ length: 10 }, () => true)]);
    expect(steps[0].losses).toHaveProperty("encoding.classification");
    const encoding = (i: number) => Object.entries(steps[i].losses).filter(([name]) => name.startsWith("encoding.")).reduce((sum, [, value]) => sum + value, 0);
    expect(encoding(11)).toBeLessThan(encoding(0));
    const moved = valuesOf(method.parameters()).map((values, i) => values.some((v, j) => v !== start[i][j]));
    expect(moved.every(Boolean)).toBe(true);
    expect(new Set(steps.slice(3).map(({ tensors }) => tensors)).size).toBe(1);
    method.dispose();
  });

  it("gives the adapter no gradient before the distance counts, so that weight decay leaves it alone", async () => {
    const method = step1({ distanceFrom: 3 });
    const adapters = () => valuesOf(method.parameters().filter(({ name }) => name.startsWith("adapter.")));
    const start = adapters();
    await trainTiny(student, method, 3);
    expect(adapters()).toEqual(start);
    method.dispose();
  });

  it("reaches the student's backbone by the distance, the encoder by the detection loss alone", () => {
    const method = step1();
    const encoder = method.parameters().filter(({ name }) => !name.startsWith("adapter."));
    const backbone = groupOf(student, "backbone");
    const slopes = (terms: readonly string[]) => slopesOf(student, method, [...backbone, ...encoder], { iteration: 2, terms });
    const distance = slopes(["distill.distance"]);
    expect(distance.slice(0, backbone.length).every((slope) => slope !== undefined && slope > 0)).toBe(true);
    expect(distance.slice(backbone.length).every((slope) => slope === undefined)).toBe(true);
    const detection = slopes(["encoding.classification", "encoding.bbox_regression"]);
    expect(detection.slice(0, backbone.length).every((slope) => slope === undefined)).toBe(true);
    expect(detection.slice(backbone.length).every((slope) => slope !== undefined)).toBe(true);
    method.dispose();
  });

  it("weakens boxes by a pure function of seed and iteration", () => {
    const method = step1();
    const batch = tinyBatch();
    const at = (iteration: number) => tf.tidy(() => method.loss(student.forward(batch.images), {}, batch, { iteration, detector: student })["encoding.classification"].value.dataSync()) [0];
    const values = [at(0), at(1), at(0)];
    expect(values[0]).toBe(values[2]);
    expect(values[0]).not.toBe(values[1]);
    batch.dispose();
    method.dispose();
  });

  it("works through a detector of two stages, whose pyramid ends in a pool", async () => {
    const two = fasterRcnn({ preset: "tiny", classes: 3, seed: 1, channels: 8, backbone: "tiny-4" });
    const method = labelEnc({ step: 1, student: two, distanceFrom: 0 });
    const [step] = await trainTiny(two, method, 1, 1e-3);
    expect(Object.keys(step.losses).filter((name) => name.startsWith("encoding."))).toHaveLength(4);
    method.dispose();
    two.dispose();
  });
});

describe("step 2", () => {
  it("freezes the encoder, trains student and adapter, and ends with the distance", async () => {
    const first = labelEnc({ step: 1, student, distanceFrom: 0 });
    const method = labelEnc({ step: 2, student, encoder: first.encoder, distanceUntil: 6 });
    const frozen = valuesOf(first.encoder.parameters());
    const steps = await trainTiny(student, method, 8, 0.03);
    expect(valuesOf(first.encoder.parameters())).toEqual(frozen);
    expect(steps.map(({ losses }) => "distill.distance" in losses)).toEqual([...Array.from({ length: 6 }, () => true), false, false]);
    expect(steps[5].losses["distill.distance"]).toBeLessThan(steps[0].losses["distill.distance"]);
    expect(method.parameters().filter(({ frozen: never }) => !never).map(({ name }) => name)).toEqual([0, 2, 4].flatMap((i) => [`adapter.${i}.weight`, `adapter.${i}.bias`]));
    const slopes = slopesOf(student, method, [...groupOf(student, "backbone"), ...first.encoder.parameters()]);
    expect(slopes.map((slope) => slope !== undefined && slope > 0)).toEqual([...groupOf(student, "backbone").map(() => true), ...first.encoder.parameters().map(() => false)]);
    method.dispose(); // leaves the encoder, which is the first method's
    first.dispose();
  });

  it("takes the encoder from a file, and starts from step 1's head and the encoder's pyramid", () => {
    const folder = mkdtempSync(join(tmpdir(), "labelenc-"));
    const path = join(folder, "encoder.safetensors");
    const first = labelEnc({ step: 1, student, seed: 7 });
    saveWeights(first.encoder, path);
    const method = labelEnc({ step: 2, student, encoder: path });
    expect(valuesOf(method.encoder.parameters())).toEqual(valuesOf(first.encoder.parameters()));
    const other = tinyOf("retinanet", 5);
    const backbone = valuesOf(groupOf(other, "backbone"));
    const { taken, kept } = startStep2(other, { detector: student, encoder: method.encoder });
    expect(kept).toEqual([]);
    expect(taken).toHaveLength(groupOf(other, "neck").length + groupOf(other, "head").length);
    expect(valuesOf(groupOf(other, "head"))).toEqual(valuesOf(groupOf(student, "head")));
    expect(valuesOf(groupOf(other, "neck"))).toEqual(valuesOf([...method.encoder.neck()]));
    expect(valuesOf(groupOf(other, "backbone"))).toEqual(backbone);
    startStep2(other, { detector: student, encoder: method.encoder, neck: "detector" });
    expect(valuesOf(groupOf(other, "neck"))).toEqual(valuesOf(groupOf(student, "neck")));
    for (const one of [method, first, other]) one.dispose();
    rmSync(folder, { recursive: true });
  });

  it("says by name what is missing or does not fit", () => {
    const make = (options: object) => () => labelEnc({ step: 2, student, ...options });
    expect(make({})).toThrow("step 2 learns from the encoder that step 1 has trained");
    expect(make({ step: 3 })).toThrow("step is 3; it must be 1 (the encoder) or 2 (the detector)");
    expect(make({ encoder: "/nowhere.safetensors" })).toThrow("nowhere.safetensors");
    const wide = tinyOf("retinanet", 3, 12);
    const encoder = labelEncodingFunction({ student: wide, neck });
    expect(make({ encoder })).toThrow(/was made for 3 classes, 12 channels, strides 4, 8, 16; the student .* has 3 classes, 8 channels/);
    expect(() => startStep2(student, { detector: wide, encoder })).toThrow(/cannot inherit neck from the teacher label-encoding-4-8-16.*shapes that differ/);
    encoder.dispose();
    wide.dispose();
  });

  it("stays finite for boxes without extent, unless the official behaviour is asked for", () => {
    const first = labelEnc({ step: 1, student });
    const batch = tinyBatch();
    const flat = { ...batch, targets: batch.targets.map((target) => ({ ...target, boxes: Float32Array.of(5, 5, 5, 9), labels: Int32Array.of(1) })) };
    const distance = (emptyBoxes: "skip" | "official") => {
      const method = labelEnc({ step: 2, student, encoder: first.encoder, emptyBoxes });
      const value = tf.tidy(() => method.loss(student.forward(batch.images), {}, flat, { iteration: 0, detector: student })["distill.distance"].value.dataSync())[0];
      method.dispose();
      return value;
    };
    expect(distance("skip")).toBeGreaterThan(0);
    expect(distance("official")).toBeNaN();
    batch.dispose();
    first.dispose();
  });
});
