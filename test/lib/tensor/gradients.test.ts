import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { loadBackend } from "../../../lib/backend/load.ts";
import { adaptiveAveragePool, adaptiveMaxPool } from "../../../lib/tensor/adaptive-pool.ts";
import { conv, type ConvOptions } from "../../../lib/tensor/conv.ts";
import { addRelu, addUpsampled, relu, subsample } from "../../../lib/tensor/elementwise.ts";
import { groupNorm } from "../../../lib/tensor/group-norm.ts";
import { hasGroupedGradients, splitConv } from "../../../lib/tensor/grouped-conv.ts";
import { maxPool } from "../../../lib/tensor/max-pool.ts";
import { resize } from "../../../lib/tensor/resize.ts";
import { stopGradient, withoutTape } from "../../../lib/tensor/stop-gradient.ts";
import { expectClose } from "../../close.ts";
import { expectGradients, expectNoLeak, normal } from "./finite-difference.ts";

beforeAll(async () => { await loadBackend(); });

const map = (x: tf.Tensor) => x as tf.Tensor4D;
const vector = (x: tf.Tensor) => x as tf.Tensor1D;

describe("gradients of single operations agree with finite differences", () => {
  it.each<[string, number[], number[], ConvOptions]>([
    ["3×3", [2, 5, 6, 3], [3, 3, 3, 4], { padding: 1 }],
    ["3×3 stride 2, even size", [2, 6, 8, 3], [3, 3, 3, 4], { padding: 1, stride: 2 }],
    ["3×3 stride 2, odd size", [1, 5, 7, 3], [3, 3, 3, 2], { padding: 1, stride: 2 }],
    ["1×1 stride 2, which leaves a column unread", [2, 6, 6, 8], [1, 1, 8, 8], { stride: 2 }],
    ["7×7 stride 2", [1, 12, 9, 3], [7, 7, 3, 2], { padding: 3, stride: 2 }],
    ["dilated", [1, 7, 7, 2], [3, 3, 2, 2], { padding: 2, dilation: 2 }],
    ["grouped", [1, 5, 5, 4], [3, 3, 2, 6], { padding: 1, groups: 2 }],
    ["grouped, stride 2, even size", [2, 6, 8, 4], [3, 3, 2, 4], { padding: 1, stride: 2, groups: 2 }],
    ["grouped, stride 2, odd size", [1, 5, 7, 4], [3, 3, 1, 8], { padding: 1, stride: 2, groups: 4 }],
    ["grouped 1×1, stride 2", [1, 6, 6, 4], [1, 1, 2, 4], { stride: 2, groups: 2 }],
    ["grouped without padding", [1, 5, 6, 4], [3, 3, 2, 4], { groups: 2 }],
    ["grouped, stride beyond the filter", [1, 9, 9, 4], [2, 2, 2, 2], { stride: 3, groups: 2 }],
    ["grouped and dilated", [1, 7, 7, 4], [3, 3, 2, 2], { padding: 2, dilation: 2, groups: 2 }],
  ])("convolution %s, with scale and bias", (_, x, filter, options) => {
    tf.tidy(() => {
      const channels = filter[3];
      expectGradients((a, w, s, b) => conv(map(a), map(w), { ...options, scale: vector(s), bias: vector(b) }), [normal(x, "x"), normal(filter, "w"), normal([channels], "s"), normal([channels], "b")]);
    });
  });

  it("convolves groups by one kernel as it does group by group", () => {
    expect(hasGroupedGradients(), "oneDNN's grouped gradients").toBe(true);
    tf.tidy(() => {
      const [x, filter] = [map(normal([2, 9, 10, 12], "x")), map(normal([3, 3, 3, 8], "w"))];
      for (const options of [{ padding: 1 }, { padding: 1, stride: 2 }, {}]) {
        const split = (a: tf.Tensor, w: tf.Tensor) => splitConv(map(a), map(w), 4, (part, weights) => conv(part, weights, options));
        const [one, many] = [(a: tf.Tensor, w: tf.Tensor) => conv(map(a), map(w), { ...options, groups: 4 }), split].map((f) => tf.valueAndGrads(f)([x, filter], tf.onesLike(split(x, filter))));
        expectClose(one.value.dataSync(), many.value.dataSync(), { absolute: 1e-5 });
        for (const i of [0, 1]) expectClose(one.grads[i].dataSync(), many.grads[i].dataSync(), { relative: 1e-4, absolute: 1e-4 });
      }
    });
  });

  it("convolution with ReLU", () => {
    tf.tidy(() => expectGradients((a, w, b) => conv(map(a), map(w), { padding: 1, relu: true, bias: vector(b) }), [normal([1, 4, 4, 2], "x"), normal([3, 3, 2, 3], "w"), normal([3], "b", { offset: 1 })], { step: 1e-3, tolerance: 2e-2 }));
  });

  it.each([1, 2, 6])("group norm in %i groups", (groups) => {
    tf.tidy(() => expectGradients((x, g, b) => groupNorm(map(x), { groups, gamma: vector(g), beta: vector(b) }), [normal([2, 3, 4, 6], "x", { offset: 2 }), normal([6], "g"), normal([6], "b")]));
  });

  it("group norm without affine part, with ReLU", () => {
    tf.tidy(() => expectGradients((x) => groupNorm(map(x), { groups: 2, relu: true }), [normal([1, 3, 3, 4], "x")], { step: 1e-3, tolerance: 2e-2 }));
  });

  it("ReLU, sum with ReLU, upsampled sum, subsampling, pooling (adaptive too), resizing", () => {
    tf.tidy(() => {
      const [fine, coarse] = [normal([2, 5, 7, 3], "fine"), normal([2, 3, 4, 3], "coarse")];
      const kinked = { step: 1e-3, tolerance: 2e-2 };
      expectGradients((x) => relu(x), [fine], kinked);
      expectGradients((a, b) => addRelu(a, b), [fine, normal([2, 5, 7, 3], "other")], kinked);
      expectGradients((a, b) => addUpsampled(map(a), map(b)), [fine, coarse]);
      expectGradients((x) => subsample(map(x), 2), [fine]);
      expectGradients((x) => maxPool(map(x), { size: 3, stride: 2, padding: 1 }), [fine], kinked);
      for (const size of [[1, 1], [2, 4], [6, 9]] as const) expectGradients((x) => adaptiveAveragePool(map(x), size), [fine]);
      for (const size of [[1, 1], [2, 4], [5, 3]] as const) expectGradients((x) => adaptiveMaxPool(map(x), size), [fine], kinked);
      expectGradients((x) => resize(map(x), { size: [7, 6], mode: "bilinear" }), [fine]);
    });
  });
});

describe("adaptive pooling", () => {
  it("takes the largest cell of each bin, wherever bins overlap", () => {
    tf.tidy(() => {
      const x = map(normal([1, 7, 5, 2], "x"));
      const cells = x.arraySync()[0];
      const bin = (i: number, n: number, size: number) => [Math.floor((i * size) / n), Math.ceil(((i + 1) * size) / n)];
      for (const [height, width] of [[3, 2], [7, 4], [1, 1], [7, 5]] as const) {
        const expected = Array.from({ length: height }, (_, i) => Array.from({ length: width }, (__, j) => [0, 1].map((c) =>
          Math.max(...cells.slice(...bin(i, height, 7)).flatMap((row) => row.slice(...bin(j, width, 5)).map((cell) => cell[c]))))));
        expect(adaptiveMaxPool(x, [height, width]).arraySync()[0]).toEqual(expected);
      }
    });
  });

  it("sends the gradient of equal cells to one of them", () => {
    tf.tidy(() => {
      const slope = tf.grad((x) => tf.sum(adaptiveMaxPool(map(x), [2, 2])))(tf.ones([1, 4, 4, 1]));
      expect([...slope.dataSync()].filter((v) => v !== 0)).toEqual([1, 1, 1, 1]);
    });
  });

  it("leaves nothing behind", () => {
    const x = map(normal([1, 7, 5, 2], "x"));
    for (const pool of [adaptiveAveragePool, adaptiveMaxPool]) expectNoLeak(() => tf.dispose(tf.grad((y) => tf.sum(tf.square(pool(map(y), [3, 2]))))(x)));
    x.dispose();
  });
});

describe("the gradient tape", () => {
  it("gives both inputs of a sum their own gradient, also when one of them is used again", () => {
    tf.tidy(() => {
      const x = normal([1, 2, 2, 2], "x", { offset: 3 });
      const [gradient] = tf.grads((a: tf.Tensor) => addRelu(a, addRelu(a, a)))([x]);
      expect(Array.from(gradient.dataSync())).toEqual(new Array(8).fill(3));
    });
  });

  it("asks for no gradient of a constant input", () => {
    tf.tidy(() => {
      const [x, w] = [map(normal([1, 4, 4, 2], "x")), normal([3, 3, 2, 2], "w")];
      const filter = tf.grad((f: tf.Tensor) => conv(x, map(f), { padding: 1, relu: true }))(w);
      expect(filter.shape).toEqual([3, 3, 2, 2]);
    });
  });

  it("leaves no tensor behind, with or without a tape, and when a function throws in its middle", () => {
    const [x, w] = [map(normal([1, 4, 4, 4], "x")), map(normal([3, 3, 4, 4], "w"))];
    const network = (f: tf.Tensor) => addRelu(groupNorm(conv(x, map(f), { padding: 1, relu: true }), { groups: 2 }), x);
    expectNoLeak(() => tf.tidy(() => { network(w); }));
    expectNoLeak(() => tf.dispose(tf.grad(network)(w)));
    expectNoLeak(() => expect(() => tf.tidy(() => { network(w); throw new Error("middle"); })).toThrow("middle"));
    tf.dispose([x, w]);
  });

  it("stops at stopGradient, which copies nothing and outlives its source", () => {
    const x = tf.tensor1d([1, 2, 3]);
    const buffers = tf.memory().numDataBuffers;
    const y = stopGradient(x);
    expect(tf.memory().numDataBuffers).toBe(buffers);
    expect(tf.tidy(() => Array.from(tf.grad((v: tf.Tensor) => tf.mul(stopGradient(v), v))(x).dataSync()))).toEqual([1, 2, 3]);
    x.dispose();
    expect(Array.from(y.dataSync())).toEqual([1, 2, 3]);
    y.dispose();
    expect(tf.memory().numDataBuffers).toBe(buffers - 1);
  });

  it("records nothing inside withoutTape", () => {
    tf.tidy(() => {
      const x = tf.scalar(3);
      const gradient = tf.grad((v: tf.Tensor) => tf.add(tf.square(v), withoutTape(() => tf.mul(v, 100))))(x);
      expect(gradient.dataSync()[0]).toBe(6);
    });
  });

  it("records again after withoutTape threw", () => {
    tf.tidy(() => {
      const f = (v: tf.Tensor) => {
        expect(() => withoutTape(() => { throw new Error("inside"); })).toThrow("inside");
        return tf.square(v);
      };
      expect(tf.grad(f)(tf.scalar(2)).dataSync()[0]).toBe(4);
    });
  });
});

describe("wrong shapes", () => {
  it("are named", () => {
    tf.tidy(() => {
      expect(() => conv(tf.zeros([1, 4, 4, 3]), tf.zeros([3, 3, 4, 2]))).toThrow("convolution of 3 channels with a filter [3, 3, 4, 2] in 1 groups");
      expect(() => adaptiveAveragePool(tf.zeros([1, 2, 2, 6]), [0, 2])).toThrow("adaptive pooling to 0 × 2");
      expect(() => conv(tf.zeros([1, 2, 2, 3]), tf.zeros([3, 3, 3, 2]))).toThrow("the padded map must be at least as large as the filter");
      expect(() => groupNorm(tf.zeros([1, 2, 2, 6]), { groups: 4 })).toThrow("group norm of 6 channels in 4 groups");
    });
  });
});
