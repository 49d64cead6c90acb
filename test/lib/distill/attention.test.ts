import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { loadBackend } from "../../../lib/backend/load.ts";
import { attentionDistance, channelAttention, spatialAttention } from "../../../lib/distill/attention.ts";
import { expectGradients, expectNoLeak, normal } from "../tensor/finite-difference.ts";

beforeAll(async () => void (await loadBackend()));

const map = (key: string, scale = 1) => normal([2, 3, 4, 5], key, { scale }) as tf.Tensor4D;
/** The greatest value of a tensor. */
const greatest = (x: tf.Tensor) => tf.max(x).dataSync()[0];

describe("attention", () => {
  it("is positive and sums to its number of cells or channels in each image", () => {
    const [spatial, channel] = [spatialAttention(map("a"), 0.5), channelAttention(map("a"), 0.5)];
    expect(tf.min(spatial).dataSync()[0]).toBeGreaterThan(0);
    for (const sum of tf.sum(spatial, [1, 2]).dataSync()) expect(sum).toBeCloseTo(12, 4);
    for (const sum of tf.sum(channel, 1).dataSync()) expect(sum).toBeCloseTo(5, 4);
  });

  it("is 1 everywhere on a constant map, flatter the hotter, and blind to signs", () => {
    for (const value of spatialAttention(tf.fill([1, 2, 3, 4], -2), 0.5).dataSync()) expect(value).toBeCloseTo(1, 6);
    expect(greatest(spatialAttention(map("a"), 5))).toBeLessThan(greatest(spatialAttention(map("a"), 0.5)));
    expect([...channelAttention(tf.neg(map("a")), 0.5).dataSync()]).toEqual([...channelAttention(map("a"), 0.5).dataSync()]);
  });

  it("has the gradients that differences give", () => {
    // Magnitudes away from 0, where |F| has a corner.
    const away = tf.tidy(() => tf.add(map("b"), tf.mul(tf.sign(map("b")), 0.2)));
    expectGradients((x) => spatialAttention(x as tf.Tensor4D, 0.5), [away]);
    expectGradients((x) => channelAttention(x as tf.Tensor4D, 0.5), [away]);
    const wanted = { spatial: spatialAttention(map("c"), 0.5), channel: channelAttention(map("c"), 0.5) };
    expectGradients((x) => attentionDistance(x as tf.Tensor4D, wanted, 0.5), [away], { step: 2e-3, tolerance: 2e-2 });
  });

  it("its distance is the sum of both absolute differences over the batch, from both nodes too", () => {
    const [student, teacher] = [map("s"), map("t")];
    const wanted = { spatial: spatialAttention(teacher, 0.8), channel: channelAttention(teacher, 0.8) };
    const composed = (x: tf.Tensor4D) => tf.div<tf.Scalar>(tf.add(tf.sum(tf.abs(tf.sub(spatialAttention(x, 0.8), wanted.spatial))), tf.sum(tf.abs(tf.sub(channelAttention(x, 0.8), wanted.channel)))), 2);
    expect(attentionDistance(student, wanted, 0.8).dataSync()[0]).toBeCloseTo(composed(student).dataSync()[0], 4);
    const [fused, parts] = [(x: tf.Tensor) => attentionDistance(x as tf.Tensor4D, wanted, 0.8), (x: tf.Tensor) => composed(x as tf.Tensor4D)].map((f) => tf.grad(f)(student));
    expect(greatest(tf.abs(tf.sub(fused, parts)))).toBeLessThan(1e-6 * greatest(tf.abs(parts)) + 1e-7);
  });

  it("is exactly 0 with gradient 0 at equality, and finite for maps of zeros and of ±80", () => {
    for (const x of [map("e"), map("e", 80), tf.zeros<tf.Rank.R4>([2, 3, 4, 5])]) {
      const own = { spatial: spatialAttention(x, 0.5), channel: channelAttention(x, 0.5) };
      expect(attentionDistance(x, own, 0.5).dataSync()[0]).toBe(0);
      expect(greatest(tf.abs(tf.grad((y) => attentionDistance(y as tf.Tensor4D, own, 0.5))(x)))).toBe(0);
      const other = { spatial: spatialAttention(map("f"), 0.5), channel: channelAttention(map("f"), 0.5) };
      expect(greatest(tf.abs(tf.grad((y) => attentionDistance(y as tf.Tensor4D, other, 0.5))(x)))).toBeLessThan(Infinity);
    }
  });

  it("leaves no tensors behind and refuses what has no attention", () => {
    const x = map("g");
    const own = { spatial: spatialAttention(map("h"), 0.5), channel: channelAttention(map("h"), 0.5) };
    expectNoLeak(() => tf.dispose([spatialAttention(x, 1), channelAttention(x, 1), tf.grad((y) => attentionDistance(y as tf.Tensor4D, own, 0.5))(x)]));
    expect(() => spatialAttention(x, 0)).toThrow(/temperature is 0; allowed: a finite number > 0/);
    expect(() => channelAttention(tf.zeros([1, 0, 2, 3]), 1)).toThrow(/map \[1, 0, 2, 3\]: it must be a non-empty map/);
  });
});
