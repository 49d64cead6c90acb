import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { loadBackend } from "../../../lib/backend/load.ts";
import { jsDistance, klDivergence, meanSquaredError, type JsDistanceOptions } from "../../../lib/distill/js-distance.ts";
import { standardise } from "../../../lib/distill/standardise.ts";
import { gradientError, normal } from "./finite-difference.ts";

beforeAll(async () => void (await loadBackend()));

type Maps = tf.Tensor4D[];
const distributions = ["channel", "spatial", "level"] as const;
const shapes = [[2, 4, 5, 6], [2, 2, 3, 6]];
const maps = (name: string, scale = 1): Maps => shapes.map((shape, level) => normal(`${name}${level}`, shape, scale) as tf.Tensor4D);
const number = (f: () => tf.Scalar) => tf.tidy(() => f().dataSync()[0]);
const distance = (a: Maps, b: Maps, options: JsDistanceOptions = {}) => number(() => jsDistance(a, b, options));
/** One distribution per cell, so that the mean of distances over one cell is a distance of two distributions. */
const rows = (values: number[][]): Maps => [tf.tensor4d(values.flat(), [1, values.length, 1, values[0].length])];
const meanDistance: JsDistanceOptions = { reduction: "meanOfDistances" };

describe("jsDistance", () => {
  it.each(distributions)("is symmetric, non-negative and at most 1 in base 2 (%s)", (distribution) => {
    for (const scale of [0.01, 1, 30]) {
      const [a, b] = [maps("a", scale), maps("b", scale)];
      const there = distance(a, b, { distribution, reduction: "meanOfDistances" });
      expect(distance(b, a, { distribution, reduction: "meanOfDistances" })).toBeCloseTo(there, 6);
      expect(there).toBeGreaterThan(0);
      expect(there).toBeLessThanOrEqual(1 + 1e-6);
    }
  });

  it.each(distributions)("is exactly 0 with gradient exactly 0 where the maps are equal (%s)", (distribution) => {
    for (const reduction of ["elementMeanInsideSqrt", "meanOfDistances", "literal"] as const) {
      const a = maps("a");
      expect(distance(a, a, { distribution, reduction })).toBe(0);
      const gradients = tf.grads((...x: tf.Tensor[]) => jsDistance(x as Maps, a, { distribution, reduction }))(a);
      for (const gradient of gradients) expect(new Set(gradient.dataSync())).toEqual(new Set([0]));
    }
  });

  it("is exactly 1 bit for disjoint supports, √ln 2 in nats", () => {
    const [a, b] = [rows([[90, -90, -90]]), rows([[-90, 90, -90]])];
    expect(distance(a, b, meanDistance)).toBe(1);
    expect(distance(a, b, { ...meanDistance, logBase: "e" })).toBeCloseTo(Math.sqrt(Math.LN2), 7);
  });

  it("obeys the triangle inequality, which the divergence itself does not", () => {
    let broken = 0;
    for (let i = 0; i < 60; i++) {
      const [a, b, c] = ["x", "y", "z"].map((name) => [normal(`${name}${i}`, [1, 1, 1, 4], 1 + (i % 7)) as tf.Tensor4D]);
      const [ab, bc, ac] = [distance(a, b, meanDistance), distance(b, c, meanDistance), distance(a, c, meanDistance)];
      expect(ac).toBeLessThanOrEqual(ab + bc + 1e-6);
      if (ac ** 2 > ab ** 2 + bc ** 2 + 1e-6) broken++;
    }
    expect(broken).toBeGreaterThan(0);
  });

  it("lies between ⅛‖p − q‖₁² and (ln 2 / 2)·‖p − q‖₁ in nats", () => {
    for (let i = 0; i < 20; i++) {
      const [x, y] = [normal(`p${i}`, [1, 1, 1, 5], 1 + i / 4), normal(`q${i}`, [1, 1, 1, 5], 1 + i / 4)] as Maps;
      const js = distance([x], [y], { ...meanDistance, logBase: "e" }) ** 2;
      const variation = tf.tidy(() => tf.sum(tf.abs(tf.sub(tf.softmax(x), tf.softmax(y)))).dataSync()[0]);
      expect(js).toBeGreaterThanOrEqual(variation ** 2 / 8 - 1e-6);
      expect(js).toBeLessThanOrEqual((Math.LN2 / 2) * variation + 1e-6);
    }
  });

  it("does not change when entries are permuted alike or logits shifted", () => {
    const [a, b] = [rows([[1, 2, 3, 0.5]]), rows([[0, 1, -1, 2]])];
    const plain = distance(a, b, meanDistance);
    expect(distance(rows([[0.5, 3, 2, 1]]), rows([[2, -1, 1, 0]]), meanDistance)).toBeCloseTo(plain, 6);
    expect(distance(rows([[11, 12, 13, 10.5]]), rows([[-20, -19, -21, -18]]), meanDistance)).toBeCloseTo(plain, 6);
  });

  it("does not grow when two bins are merged (data processing)", () => {
    for (let i = 0; i < 20; i++) {
      const [x, y] = [normal(`u${i}`, [6]).dataSync(), normal(`v${i}`, [6]).dataSync()];
      const merged = (z: ArrayLike<number>) => [Math.log(Math.exp(z[0]) + Math.exp(z[1])), ...Array.from(z).slice(2)];
      const full = distance(rows([Array.from(x)]), rows([Array.from(y)]), meanDistance);
      expect(distance(rows([merged(x)]), rows([merged(y)]), meanDistance)).toBeLessThanOrEqual(full + 1e-6);
    }
  });

  it("falls as 1/T for large temperatures (JS as 1/T²)", () => {
    const at = (temperature: number) => distance(maps("a"), maps("b"), { temperature });
    expect(at(400) / at(800)).toBeCloseTo(2, 2);
    expect(at(1e6)).toBeLessThan(1e-5);
  });

  it("approaches sd_p(d)/√8 for small logit differences d", () => {
    const a = normal("near", [1, 1, 1, 8]) as tf.Tensor4D;
    const d = normal("difference", [1, 1, 1, 8], 1e-3) as tf.Tensor4D;
    const sd = tf.tidy(() => {
      const p = tf.softmax(a);
      const mean = tf.sum(tf.mul(p, d));
      return Math.sqrt(tf.sum(tf.mul(p, tf.square(tf.sub(d, mean)))).dataSync()[0]);
    });
    expect(distance([a], [tf.add(a, d)], { ...meanDistance, logBase: "e" }) / (sd / Math.sqrt(8))).toBeCloseTo(1, 3);
  });

  it("has a gradient of 2-norm at most 0.25 per distribution in nats", () => {
    for (let i = 0; i < 40; i++) {
      const [x, y] = [normal(`g${i}`, [1, 1, 1, 5], 0.1 + i / 8), normal(`h${i}`, [1, 1, 1, 5], 0.1 + i / 8)] as Maps;
      const norm = tf.tidy(() => tf.norm(tf.grad((z) => jsDistance([z as tf.Tensor4D], [y], { ...meanDistance, logBase: "e" }))(x)).dataSync()[0]);
      expect(norm).toBeLessThanOrEqual(0.25 + 1e-5);
    }
  });

  it.each(distributions.flatMap((distribution) => (["elementMeanInsideSqrt", "meanOfDistances", "literal"] as const).map((reduction) => [distribution, reduction] as const)))(
    "has the gradient that differences give (%s, %s)",
    (distribution, reduction) => {
      const [[a0, a1], b] = [maps("a"), maps("b")];
      for (const options of [{}, { level: "sum", pooling: "levelMean", logBase: "e", temperature: 2 }] as const) {
        const loss = (x: tf.Tensor) => jsDistance([x as tf.Tensor4D, a1], b, { distribution, reduction, ...options });
        expect(gradientError(loss, a0, 0.3)).toBeLessThan(5e-3);
      }
    },
  );

  it("smooths the root with eps", () => {
    const [a, b] = [maps("a"), maps("b", 1.01)];
    expect(distance(a, a, { eps: 1e-6 })).toBe(0);
    expect(distance(a, b, { eps: 1e-6 })).toBeLessThan(distance(a, b));
    expect(gradientError((x) => jsDistance([x as tf.Tensor4D, a[1]], b, { eps: 1e-2 }), a[0], 0.3)).toBeLessThan(5e-3);
  });

  it("gives the enhanced side no gradient", () => {
    const [a, b] = [maps("a"), maps("b")];
    expect(() => tf.grad((y) => jsDistance(a, [y as tf.Tensor4D, b[1]]))(b[0])).toThrow();
  });

  it("says what is wrong with unequal pyramids and unknown options", () => {
    const [a, b] = [maps("a"), maps("b")];
    expect(() => jsDistance(a, [b[0]])).toThrow(/student \[2, 4, 5, 6\] \[2, 2, 3, 6\] and teacher \[2, 4, 5, 6\]/);
    expect(() => jsDistance([], [])).toThrow(/none/);
    expect(() => jsDistance(a, b, { distribution: "chanel" as never })).toThrow(/"chanel"; allowed: "channel", "spatial", "level"/);
    expect(() => jsDistance(a, b, { logBase: 10 as never })).toThrow(/logBase is 10; allowed: 2, "e"/);
    expect(() => jsDistance(a, b, { temperature: 0 })).toThrow(/temperature is 0/);
    expect(() => jsDistance(a, b, { eps: -1 })).toThrow(/eps is -1/);
    expect(() => klDivergence(a, b, { reduction: "mean" as never })).toThrow(/elementMean/);
    expect(() => meanSquaredError(a, b, { reduction: "sum" as never })).toThrow(/literal/);
  });

  it("leaves no tensors behind", () => {
    const [a, b] = [maps("a"), maps("b")];
    const before = tf.memory().numTensors;
    for (const distribution of distributions) {
      distance(a, b, { distribution });
      tf.dispose(tf.grads((...x: tf.Tensor[]) => jsDistance(x as Maps, b, { distribution }))(a));
      expect(() => tf.tidy(() => jsDistance(a, [b[0]], { distribution }))).toThrow();
    }
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe("the baselines", () => {
  it("KL has the gradient that differences give, and is not symmetric", () => {
    const [[a0, a1], b] = [maps("a"), maps("b")];
    for (const distribution of distributions) expect(gradientError((x) => klDivergence([x as tf.Tensor4D, a1], b, { distribution, temperature: 2 }), a0, 0.3)).toBeLessThan(5e-3);
    const there = number(() => klDivergence([a0, a1], b));
    expect(Math.abs(there - number(() => klDivergence(b, [a0, a1])))).toBeGreaterThan(1e-3 * there);
  });

  it("MSE of instance-normalised maps is 2(1 − ρ)", () => {
    const shape = [1, 16, 16, 3];
    const a = normal("mse", shape) as tf.Tensor4D;
    const b = tf.add<tf.Tensor4D>(tf.mul(a, 0.6), normal("noise", shape, 0.8));
    const [x, y] = [a, b].map((map) => standardise(map, [1, 2]));
    const correlation = tf.tidy(() => tf.mean(tf.mul(x, y)).dataSync()[0]);
    expect(number(() => meanSquaredError([x], [y]))).toBeCloseTo(2 * (1 - correlation), 4);
    expect(gradientError((z) => meanSquaredError([z as tf.Tensor4D], [y]), x, 0.1)).toBeLessThan(1e-3);
  });
});
