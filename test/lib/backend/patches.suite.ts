import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import type { BackendKind } from "../../../lib/backend/info.ts";
import { loadBackend } from "../../../lib/backend/load.ts";
import { outputShape, sizeOf, values, visit, worst, type Case } from "./reference.ts";

type Pad = number | "valid" | "same" | [[0, 0], [number, number], [number, number], [0, 0]];

const cases: readonly (readonly [string, Case, Pad])[] = [
  ["3×3, same", { input: [2, 5, 6, 3], filter: [3, 3, 3, 4], stride: 1, dilation: 1, pads: [1, 1, 1, 1] }, "same"],
  ["1×1, stride 2", { input: [2, 7, 5, 3], filter: [1, 1, 3, 2], stride: 2, dilation: 1, pads: [0, 0, 0, 0] }, "valid"],
  ["3×3, stride 2 that leaves a row over", { input: [1, 8, 8, 2], filter: [3, 3, 2, 3], stride: 2, dilation: 1, pads: [0, 0, 0, 0] }, "valid"],
  ["same, stride 2, uneven", { input: [1, 7, 8, 2], filter: [3, 3, 2, 2], stride: 2, dilation: 1, pads: [1, 1, 0, 1] }, "same"],
  ["7×7, stride 2, explicit padding 3", { input: [1, 12, 13, 3], filter: [7, 7, 3, 4], stride: 2, dilation: 1, pads: [3, 3, 3, 3] }, [[0, 0], [3, 3], [3, 3], [0, 0]]],
  ["explicit, asymmetric", { input: [2, 6, 7, 2], filter: [3, 2, 2, 3], stride: 2, dilation: 1, pads: [2, 0, 0, 1] }, [[0, 0], [2, 0], [0, 1], [0, 0]]],
  ["dilation 2, valid", { input: [1, 9, 8, 2], filter: [3, 3, 2, 3], stride: 1, dilation: 2, pads: [0, 0, 0, 0] }, "valid"],
  ["dilation 3, explicit, oblong filter", { input: [2, 9, 10, 2], filter: [2, 3, 2, 2], stride: 1, dilation: 3, pads: [1, 2, 3, 0] }, [[0, 0], [1, 2], [3, 0], [0, 0]]],
  ["one pixel out", { input: [3, 3, 3, 2], filter: [3, 3, 2, 5], stride: 1, dilation: 1, pads: [0, 0, 0, 0] }, "valid"],
];

/** The gradients of convolution, ReLU and gather: the same numbers on every backend. */
export function describePatches(backend: BackendKind): void {
  describe(`gradients on ${backend}`, () => {
    beforeAll(async () => { await loadBackend({ backend }); });

    it.each(cases)("conv2d: %s", (_, test, pad) => {
      const [x, f] = [values(sizeOf(test.input), 1), values(sizeOf(test.filter), 2)];
      const shape = outputShape(test);
      const dy = values(sizeOf(shape), 3);
      const [y, dx, df] = [new Array<number>(dy.length).fill(0), new Array<number>(x.length).fill(0), new Array<number>(f.length).fill(0)];
      visit(test, (i, j, o) => {
        y[o] += x[i] * f[j];
        dx[i] += dy[o] * f[j];
        df[j] += dy[o] * x[i];
      });
      const before = tf.memory().numTensors;
      tf.tidy(() => {
        const conv = (a: tf.Tensor, b: tf.Tensor) => tf.conv2d(a as tf.Tensor4D, b as tf.Tensor4D, test.stride, pad, "NHWC", test.dilation);
        const inputs = [tf.tensor(x, [...test.input]), tf.tensor(f, [...test.filter])] as const;
        const forward = conv(...inputs);
        expect(forward.shape).toEqual(shape);
        expect(worst(forward.dataSync(), y)).toBeLessThan(2e-5);
        const [gx, gf] = tf.grads(conv)([...inputs], tf.tensor(dy, shape));
        expect(gx.shape).toEqual(test.input);
        expect(gf.shape).toEqual(test.filter);
        expect(worst(gx.dataSync(), dx)).toBeLessThan(2e-5);
        expect(worst(gf.dataSync(), df)).toBeLessThan(2e-5);
      });
      expect(tf.memory().numTensors).toBe(before);
    });

    it("relu: no gradient at and below zero, and a gradient of the gradient", () => {
      tf.tidy(() => {
        const x = tf.tensor1d([-2, -0, 0, 1e-30, 3]);
        expect([...tf.grad((a) => tf.relu(a))(x, tf.tensor1d([1, 2, 3, 4, 5])).dataSync()]).toEqual([0, 0, 0, 4, 5]);
        const second = tf.grad((a) => tf.sum(tf.square(tf.grad((b) => tf.sum(tf.square(tf.relu(b))))(a))));
        expect([...second(x).dataSync()].map((value) => value + 0)).toEqual([0, 0, 0, Math.fround(8e-30), 24]); // (2·relu)² → 8·relu
      });
    });

    it("relu of integers keeps TF.js's gradient", () => {
      tf.tidy(() => {
        expect([...tf.relu(tf.tensor1d([-1, 2], "int32")).dataSync()]).toEqual([0, 2]);
      });
    });

    it("gather: repeated rows add up, rows never taken get zero", () => {
      tf.tidy(() => {
        const x = tf.tensor2d(values(12, 5), [4, 3]);
        const taken = tf.tensor1d([2, 0, 2, 2], "int32");
        const dy = tf.tensor2d(values(12, 6), [4, 3]);
        const rows = dy.arraySync();
        const expected = [rows[1], [0, 0, 0], rows[0].map((value, i) => value + rows[2][i] + rows[3][i]), [0, 0, 0]].flat();
        expect(worst(tf.grad((a) => tf.gather(a, taken))(x, dy).dataSync(), expected)).toBeLessThan(1e-6);
      });
    });

    it("unsortedSegmentSum leaves out ids outside the range", () => {
      tf.tidy(() => {
        const sums = tf.unsortedSegmentSum(tf.tensor2d([1, 2, 3, 4, 5, 6, 7, 8], [4, 2]), tf.tensor1d([1, -1, 1, 0], "int32"), 3);
        expect(sums.arraySync()).toEqual([[7, 8], [6, 8], [0, 0]]);
      });
    });

    it("maxPool: negative maxima count, ties go to the first cell, overlapping windows add up", () => {
      tf.tidy(() => {
        const grad = (x: tf.Tensor4D, dy: tf.Tensor4D, size: number, stride: number, pad: "valid" | "same") =>
          [...tf.grad((a) => tf.maxPool(a as tf.Tensor4D, size, stride, pad))(x, dy).dataSync()];
        expect(grad(tf.tensor4d([1, -1, 2, -2, 3, -3, 4, -4], [1, 2, 2, 2]), tf.tensor4d([10, 20], [1, 1, 1, 2]), 2, 2, "valid")).toEqual([0, 20, 0, 0, 0, 0, 10, 0]);
        expect(grad(tf.tensor4d([5, 5, 5, 5], [1, 2, 2, 1]), tf.tensor4d([7], [1, 1, 1, 1]), 2, 2, "valid")).toEqual([7, 0, 0, 0]);
        expect(grad(tf.tensor4d([0, 0, 0, 0, 9, 0, 0, 0, 0], [1, 3, 3, 1]), tf.tensor4d([1, 2, 3, 4], [1, 2, 2, 1]), 2, 1, "valid")).toEqual([0, 0, 0, 0, 10, 0, 0, 0, 0]);
        expect(grad(tf.tensor4d([-3, -2, -1], [1, 1, 3, 1]), tf.tensor4d([4, 8], [1, 1, 2, 1]), 3, 2, "same")).toEqual([0, 4, 8]);
      });
    });

    it.each([[[3, 3], [6, 6]], [[2, 3], [5, 7]], [[4, 4], [2, 3]]])("resizeNearestNeighbor: %j to %j gives every pixel's gradient to its source", ([h, w], [oh, ow]) => {
      tf.tidy(() => {
        const dy = values(2 * oh * ow * 3, 7);
        const expected = new Array<number>(2 * h * w * 3).fill(0);
        dy.forEach((value, at) => {
          const [k, column, row, b] = [at % 3, Math.floor(at / 3) % ow, Math.floor(at / (3 * ow)) % oh, Math.floor(at / (3 * ow * oh))];
          expected[((b * h + Math.floor((row * h) / oh)) * w + Math.floor((column * w) / ow)) * 3 + k] += value;
        });
        const resize = (a: tf.Tensor) => tf.image.resizeNearestNeighbor(a as tf.Tensor4D, [oh, ow]);
        expect(worst(tf.grad(resize)(tf.zeros([2, h, w, 3]), tf.tensor4d(dy, [2, oh, ow, 3])).dataSync(), expected)).toBeLessThan(1e-6);
      });
    });

    it("a small network trains for 12 steps through the same losses on every backend, and no tensor stays", () => {
      const make = (shape: number[], seed: number) => tf.variable(tf.tensor(values(sizeOf(shape), seed).map((value) => value * 0.5), shape));
      const variables = [make([3, 3, 3, 8], 1), make([3, 3, 8, 8], 2), make([8, 4], 3)] as [tf.Variable<tf.Rank.R4>, tf.Variable<tf.Rank.R4>, tf.Variable<tf.Rank.R2>];
      const [f1, f2, w] = variables;
      const x = tf.tensor4d(values(8 * 12 * 12 * 3, 4), [8, 12, 12, 3]);
      const labels = tf.oneHot(tf.tensor1d([0, 1, 2, 3, 0, 1, 2, 3], "int32"), 4);
      const loss = (): tf.Scalar => {
        const a = tf.maxPool(tf.relu(tf.conv2d(x, f1, 2, "same")), 2, 2, "valid");
        const b = tf.relu(tf.conv2d(tf.image.resizeNearestNeighbor(a, [6, 6]), f2, 1, "same"));
        const logits = tf.matMul(tf.mean<tf.Tensor2D>(b, [1, 2]), w);
        return tf.mean(tf.neg(tf.sum(tf.mul(tf.logSoftmax(logits), labels), 1)));
      };
      const step = () => tf.tidy(() => {
        const { value, grads } = tf.variableGrads(loss, variables);
        for (const variable of variables as readonly tf.Variable[]) variable.assign(tf.sub<tf.Tensor>(variable, tf.mul(grads[variable.name], 0.2)));
        return value.dataSync()[0];
      });
      const losses = [step()];
      const before = tf.memory().numTensors;
      for (let i = 1; i < 12; i++) losses.push(step());
      expect(tf.memory().numTensors).toBe(before);
      expect(worst(losses, expectedLosses)).toBeLessThan(1e-4);
    });
  });
}

/** Of the same network, weights, batch and step in PyTorch (float64). */
const expectedLosses: readonly number[] = [2.534507, 1.5931478, 1.3292243, 1.2800913, 1.2565379, 1.2316032, 1.2051976, 1.1775275, 1.1480829, 1.1171528, 1.0842325, 1.0473562];
