import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { loadBackend } from "../../../lib/backend/load.ts";
import { convTranspose } from "../../../lib/tensor/conv-transpose.ts";
import { expectGradients, expectNoLeak, normal } from "./finite-difference.ts";

beforeAll(async () => { await loadBackend(); });

const input = (shape: readonly number[]) => normal(shape, "x") as tf.Tensor4D;
const filterOf = (shape: readonly number[]) => normal(shape, "filter") as tf.Tensor4D;

describe("a transposed convolution", () => {
  it("writes filter[a, b] · x to output (2y + a, 2x + b)", () => {
    tf.tidy(() => {
      const [x, filter] = [input([2, 3, 4, 5]), filterOf([2, 2, 6, 5])];
      const y = convTranspose(x, filter, { bias: tf.ones([6]) });
      expect(y.shape).toEqual([2, 6, 8, 6]);
      const [a, b, row, column] = [1, 0, 2, 3];
      const cell = (t: tf.Tensor4D, i: number, j: number) => tf.reshape(tf.slice(t, [1, i, j, 0], [1, 1, 1, t.shape[3]]), [t.shape[3], 1]);
      const wanted = tf.add(tf.matMul(tf.reshape(tf.slice(filter, [a, b, 0, 0], [1, 1, 6, 5]), [6, 5]), cell(x, row, column) as tf.Tensor2D), 1);
      expect(tf.max(tf.abs(tf.sub(wanted, cell(y, 2 * row + a, 2 * column + b)))).dataSync()[0]).toBeLessThan(1e-5);
    });
  });

  it.each([[2, 2], [3, 2], [3, 1]])("of size %i and stride %i is the gradient of the convolution", (size, stride) => {
    tf.tidy(() => {
      const [x, filter] = [input([1, 3, 4, 2]), filterOf([size, size, 3, 2])];
      const y = convTranspose(x, filter, { stride });
      const back = tf.grad((map: tf.Tensor) => tf.conv2d(map as tf.Tensor4D, filter, stride, "valid"))(tf.zeros(y.shape), x);
      expect(tf.max(tf.abs(tf.sub(back, y))).dataSync()[0]).toBeLessThan(1e-5);
    });
  });

  it("has its gradients, with and without ReLU", () => {
    const inputs = () => [input([2, 2, 3, 2]), filterOf([2, 2, 3, 2]), normal([3], "bias")];
    const f = (relu: boolean) => (x: tf.Tensor, filter: tf.Tensor, bias: tf.Tensor) => convTranspose(x as tf.Tensor4D, filter as tf.Tensor4D, { bias: bias as tf.Tensor1D, relu });
    tf.tidy(() => {
      expectGradients(f(false), inputs());
      expectGradients(f(true), inputs(), { step: 1e-3, tolerance: 2e-2 });
    });
  });

  it("with padding loses rows and columns on each side, and has its gradients", () => {
    tf.tidy(() => {
      const [x, filter] = [input([2, 3, 4, 2]), filterOf([4, 4, 3, 2])];
      const [whole, cut] = [convTranspose(x, filter, { stride: 2 }), convTranspose(x, filter, { stride: 2, padding: 1 })];
      expect(cut.shape).toEqual([2, 6, 8, 3]);
      expect(tf.max(tf.abs(tf.sub(cut, tf.slice(whole, [0, 1, 1, 0], cut.shape)))).dataSync()[0]).toBeLessThan(1e-5);
      expectGradients((a, b, c) => convTranspose(a as tf.Tensor4D, b as tf.Tensor4D, { stride: 2, padding: 1, bias: c as tf.Tensor1D }), [x, filter, normal([3], "bias")]);
      expect(() => convTranspose(input([1, 1, 1, 2]), filterOf([2, 2, 3, 2]), { padding: 1 })).toThrow("nothing is left");
    });
  });

  it("leaves no tensor behind, and names channels that do not fit", () => {
    const [x, filter] = [input([1, 2, 2, 2]), filterOf([2, 2, 3, 2])];
    expectNoLeak(() => {
      const { value, grads } = tf.valueAndGrads((a: tf.Tensor, b: tf.Tensor) => tf.sum(convTranspose(a as tf.Tensor4D, b as tf.Tensor4D, { relu: true })))([x, filter]);
      tf.dispose([value, ...grads]);
    });
    const wrong = filterOf([2, 2, 3, 4]);
    expectNoLeak(() => expect(() => convTranspose(filter, wrong)).toThrow("transposed convolution of 2 channels with a filter [2, 2, 3, 4]: its last dimension must be 2"));
    tf.dispose([x, filter, wrong]);
  });
});
