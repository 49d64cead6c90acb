import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { loadBackend } from "../../../lib/backend/load.ts";
import { squaredDistance } from "../../../lib/distill/squared-distance.ts";
import { expectGradients, expectNoLeak, normal } from "../tensor/finite-difference.ts";

beforeAll(async () => void (await loadBackend()));

const map = (key: string) => normal([2, 3, 4, 5], key) as tf.Tensor4D;
const shift = () => normal([2, 1, 1, 5], "shift") as tf.Tensor4D;

describe("squared distance", () => {
  it("sums the squares of S + a − T and has their gradients", () => {
    const [s, t, a] = [map("s"), map("t"), shift()];
    const plain = (x: tf.Tensor, y?: tf.Tensor) => tf.sum(tf.square(tf.sub(y === undefined ? x : tf.add(x, y), t))).dataSync()[0];
    expect(squaredDistance(s, t).dataSync()[0]).toBeCloseTo(plain(s), 3);
    expect(squaredDistance(s, t, a).dataSync()[0]).toBeCloseTo(plain(s, a), 3);
    expectGradients((x) => squaredDistance(x as tf.Tensor4D, t), [s], { tolerance: 2e-3 });
    expectGradients((x, y) => squaredDistance(x as tf.Tensor4D, t, y as tf.Tensor4D), [s, a], { tolerance: 2e-3 });
  });

  it("is 0 with gradient 0 at equality, and leaves nothing behind", () => {
    const s = map("s");
    expect(squaredDistance(s, s).dataSync()[0]).toBe(0);
    expect(tf.max(tf.abs(tf.grad((x) => squaredDistance(x as tf.Tensor4D, s))(s))).dataSync()[0]).toBe(0);
    const a = shift();
    expectNoLeak(() => tf.dispose(tf.grads((x, y) => squaredDistance(x as tf.Tensor4D, s, y as tf.Tensor4D))([s, a])));
  });

  it("names both shapes where they differ", () => {
    expect(() => squaredDistance(map("s"), tf.zeros([2, 3, 4, 6]))).toThrow(/student is \[2, 3, 4, 5\], the teacher's \[2, 3, 4, 6\].*strides.*adapter/);
    expect(() => squaredDistance(tf.zeros([0, 3, 4, 5]), tf.zeros([0, 3, 4, 5]))).toThrow(/non-empty/);
  });
});
