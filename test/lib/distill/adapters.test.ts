import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { loadBackend } from "../../../lib/backend/load.ts";
import { levelAdapters } from "../../../lib/distill/adapters.ts";
import { parameterSet } from "../../../lib/distill/layers.ts";
import { normal } from "../tensor/finite-difference.ts";

beforeAll(async () => void (await loadBackend()));

describe("level adapters", () => {
  it.each([["conv1x1", 1], ["conv3x3", 3]] as const)("%s keeps the map's size and names its parameters", (kind, size) => {
    const set = parameterSet(0);
    const adapters = levelAdapters(set, { kind, name: (level) => `adapt.${level}`, from: 5, to: 7, levels: 2 });
    expect(set.all.map(({ name, variable, group, frozen }) => [name, variable.shape, group, frozen])).toEqual([0, 1].flatMap((level) => [
      [`adapt.${level}.weight`, [size, size, 5, 7], "distill", false],
      [`adapt.${level}.bias`, [7], "distill", false],
    ]));
    const shapes = tf.tidy(() => adapters.map((adapt) => adapt(tf.zeros([2, 3, 4, 5])).shape));
    expect(shapes).toEqual([[2, 3, 4, 7], [2, 3, 4, 7]]);
    set.dispose();
  });

  it("starts as PyTorch's layers do, and levels differ", () => {
    const set = parameterSet(3);
    levelAdapters(set, { kind: "conv3x3", name: (level) => `a.${level}`, from: 16, to: 32, levels: 2 });
    const [first, bias, second] = set.all.map(({ variable }) => variable.dataSync<"float32">());
    const bound = 1 / Math.sqrt(9 * 16);
    const extreme = Math.max(...first.map(Math.abs));
    expect(extreme).toBeLessThanOrEqual(bound);
    expect(extreme).toBeGreaterThan(0.99 * bound);
    // A uniform distribution's variance is bound² / 3; 4,608 draws miss it by 1.3 % (one standard deviation).
    expect(Math.abs(first.reduce((sum, w) => sum + w * w, 0) / first.length / (bound * bound / 3) - 1)).toBeLessThan(0.06);
    expect(Math.max(...bias.map(Math.abs))).toBeLessThanOrEqual(bound);
    expect([...first.subarray(0, 9)]).not.toEqual([...second.subarray(0, 9)]);
    set.dispose();
  });

  it("maps each cell by itself with 1 × 1 and cuts negatives on request", () => {
    const set = parameterSet(1);
    const x = normal([1, 2, 3, 4], "map") as tf.Tensor4D;
    const linear = levelAdapters(set, { kind: "conv1x1", name: () => "adapter", from: 4, to: 6, levels: 1 })[0];
    const other = parameterSet(1);
    const cut = levelAdapters(other, { kind: "conv1x1", name: () => "adapter", from: 4, to: 6, levels: 1, relu: true })[0];
    const [weight, bias] = set.all.map(({ variable }) => variable);
    const [actual, relued, wanted] = tf.tidy(() => {
      const rows = tf.add(tf.matMul(tf.reshape(x, [6, 4]), tf.reshape(weight, [4, 6])), bias);
      return [linear(x), cut(x), rows].map((tensor) => tensor.dataSync<"float32">());
    });
    wanted.forEach((value, i) => {
      expect(Math.abs(actual[i] - value)).toBeLessThan(1e-6);
      expect(Math.abs(relued[i] - Math.max(0, value))).toBeLessThan(1e-6);
    });
    x.dispose();
    set.dispose();
    other.dispose();
  });

  it.each([{ from: 0 }, { to: 2.5 }, { levels: NaN }])("refuses %o", (wrong) => {
    const set = parameterSet(0);
    expect(() => levelAdapters(set, { kind: "conv1x1", name: String, from: 4, to: 4, levels: 1, ...wrong })).toThrow(/adapters: (from|to|levels) is .*whole number from 1/);
    expect(set.all).toEqual([]);
  });
});
