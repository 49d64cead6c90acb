import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { loadBackend } from "../../../lib/backend/load.ts";
import { maxOverRows } from "../../../lib/distill/label-encoder.ts";
import { affine } from "../../../lib/distill/layers.ts";
import { rowSoftmax } from "../../../lib/distill/row-softmax.ts";
import { standardise } from "../../../lib/distill/standardise.ts";
import { gradientError, normal, weighed } from "./finite-difference.ts";

beforeAll(async () => void (await loadBackend()));

const cases = [["LayerNorm", [5, 7], [1]], ["InstanceNorm", [2, 4, 3, 5], [1, 2]], ["GroupNorm(1)", [2, 4, 3, 5], [1, 2, 3]]] as const;

describe("standardise", () => {
  it.each(cases)("%s: mean 0 and variance 1 over its axes", (_, shape, axes) => {
    const z = standardise(normal("x", [...shape], 3), [...axes]);
    const { mean, variance } = tf.moments(z, [...axes]);
    for (const value of mean.dataSync()) expect(value).toBeCloseTo(0, 5);
    for (const value of variance.dataSync()) expect(value).toBeCloseTo(1, 3);
  });

  it.each(cases)("%s: the gradient that differences give", (_, shape, axes) => {
    expect(gradientError((x) => weighed(standardise(x, [...axes])), normal("x", [...shape]), 0.05)).toBeLessThan(3e-3);
    expect(gradientError((x) => weighed(standardise(x, [...axes], { relu: true })), normal("y", [...shape]), 0.01)).toBeLessThan(1e-2);
  });

  it("maps one value alone to 0 with gradient 0", () => {
    const x = normal("one", [2, 1, 1, 3]);
    expect(new Set(standardise(x, [1, 2]).dataSync())).toEqual(new Set([0]));
    expect(tf.grad((z) => weighed(standardise(z, [1, 2])))(x).dataSync().every((value) => value === 0)).toBe(true);
  });

  it("keeps the precision of what two entries leave of a gradient: ε/(σ² + ε)", () => {
    const rows = [[0.3, 2.1], [-4, 7], [1, 1.01], [5, 5]];
    const slopes = [[1.7, -0.4], [0.9, 0.8], [-2, 1], [3, 4]];
    const gradient = tf.grad((x) => tf.sum(tf.mul(standardise(x, [1], { precise: true }), slopes)))(tf.tensor2d(rows)).arraySync() as number[][];
    rows.forEach(([a, b], i) => {
      // z = ∓d/√(d² + ε) with d = (b − a)/2: dz/da = ∓½·(d² + ε)^(−3/2)·ε.
      const half = (Math.fround(b) - Math.fround(a)) / 2;
      const expected = (0.5 * 1e-5 * (slopes[i][0] - slopes[i][1])) / (half * half + 1e-5) ** 1.5;
      expect(Math.abs(gradient[i][0] / expected - 1)).toBeLessThan(1e-4);
      expect(Math.abs(gradient[i][1] / -expected - 1)).toBeLessThan(1e-4);
    });
  });

  it.each(cases)("%s: precise or not, the same gradient up to rounding", (_, shape, axes) => {
    const [plain, precise] = [false, true].map((choice) => tf.grad((x) => weighed(standardise(x, [...axes], { precise: choice, relu: true })))(normal("x", [...shape])).dataSync());
    precise.forEach((value, i) => expect(value).toBeCloseTo(plain[i], 5));
  });

  it("leaves no tensors behind", () => {
    const x = normal("leak", [2, 4, 3, 5]);
    const before = tf.memory().numTensors;
    tf.dispose(standardise(x, [1, 2], { relu: true }));
    tf.dispose(tf.grad((z) => tf.sum(standardise(z, [1, 2, 3], { relu: true })))(x));
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe("the encoder's other operations", () => {
  it("affine has the gradients that differences give", () => {
    const [x, w, b] = [normal("x", [4, 3]), normal("w", [3, 2]), normal("b", [2])] as [tf.Tensor2D, tf.Tensor2D, tf.Tensor1D];
    expect(gradientError((z) => weighed(affine(z as tf.Tensor2D, w, b)), x, 0.1)).toBeLessThan(1e-3);
    expect(gradientError((z) => weighed(affine(x, z as tf.Tensor2D, b)), w, 0.1)).toBeLessThan(1e-3);
    expect(gradientError((z) => weighed(affine(x, w, z as tf.Tensor1D)), b, 0.1)).toBeLessThan(1e-3);
  });

  it("rowSoftmax has the gradient that differences give, and none for a lone key", () => {
    expect(gradientError((x) => weighed(rowSoftmax(x)), normal("s", [3, 4]), 0.05)).toBeLessThan(3e-3);
    const lone = normal("lone", [5, 1]);
    expect(rowSoftmax(lone).dataSync().every((value) => value === 1)).toBe(true);
    expect(tf.grad((x) => weighed(rowSoftmax(x)))(lone).dataSync().every((value) => value === 0)).toBe(true);
  });

  it("maxOverRows shares the gradient between equal maxima", () => {
    const x = tf.tensor3d([1, 5, 3, 5, 2, 5], [1, 3, 2]);
    expect(Array.from(maxOverRows(x).dataSync())).toEqual([3, 5]);
    const gradient = tf.grad((z) => tf.sum(tf.mul(maxOverRows(z as tf.Tensor3D), [[2, 6]])))(x);
    expect(Array.from(gradient.dataSync())).toEqual([0, 2, 2, 2, 0, 2]);
  });
});
