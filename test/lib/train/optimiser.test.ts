import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { loadBackend } from "../../../lib/backend/load.ts";
import type { Parameter, ParameterGroup } from "../../../lib/detector/detector.ts";
import { optimiser as sgd } from "../../../lib/train/optimiser.ts";
import { constant } from "../../../lib/train/schedule.ts";
import { expectClose } from "../../close.ts";

beforeAll(async () => { await loadBackend(); });

const parameter = (name: string, values: number[], group: ParameterGroup = "head", frozen = false): Parameter =>
  ({ name, group, frozen, variable: tf.variable(tf.tensor1d(values), true) });

describe("sgd", () => {
  // torch.optim.SGD(lr=0.1, momentum=0.9, weight_decay=0.01) on w = [1, -2] with gradients [0.5, 3] then [-1, 0.25],
  // clipped by value at 1, worked out from PyTorch's documented update rule.
  it("follows PyTorch's momentum and weight decay, clipping before the decay", () => {
    const w = parameter("w", [1, -2]);
    const optimiser = sgd([w], { learningRate: constant(0.1), momentum: 0.9, weightDecay: 0.01, clipValue: 1 });
    const wanted = [1, -2], velocity = [0, 0];
    for (const gradient of [[0.5, 3], [-1, 0.25]]) {
      optimiser.apply([tf.tensor1d(gradient)], 0);
      for (const i of [0, 1]) {
        velocity[i] = 0.9 * velocity[i] + Math.max(-1, Math.min(1, gradient[i])) + 0.01 * wanted[i];
        wanted[i] -= 0.1 * velocity[i];
      }
    }
    expectClose(w.variable.dataSync(), wanted, { relative: 1e-6 });
    expectClose(optimiser.state().get("velocity/w")!.dataSync(), velocity, { relative: 1e-6 });
  });

  it("trains groups at their own rates and from their own iteration; frozen parameters never", () => {
    const parameters = [parameter("b", [1], "backbone"), parameter("h", [1]), parameter("stem", [1], "backbone", true)];
    const optimiser = sgd(parameters, { learningRate: constant(1), momentum: 0, weightDecay: 0, groupFactors: { backbone: 0.5 }, frozenUntil: { backbone: 10 } });
    expect(optimiser.trained(9).map(({ name }) => name)).toEqual(["h"]);
    expect(optimiser.trained(10).map(({ name }) => name)).toEqual(["b", "h"]);
    expect(optimiser.learningRates(9)).toEqual({ backbone: 0, head: 1 });
    expect(optimiser.learningRates(10)).toEqual({ backbone: 0.5, head: 1 });
    optimiser.apply([tf.tensor1d([1]), tf.tensor1d([1])], 10);
    expect(parameters.map(({ variable }) => variable.dataSync()[0])).toEqual([0.5, 0, 1]);
  });

  it("leaves a parameter alone that has no gradient", () => {
    const w = parameter("w", [1]);
    sgd([w], { learningRate: constant(1) }).apply([null], 0);
    expect(w.variable.dataSync()[0]).toBe(1);
  });

  it("reports the norm over all gradients", () => {
    const optimiser = sgd([parameter("a", [0]), parameter("b", [0])], { learningRate: constant(1) });
    expect(optimiser.norm([tf.tensor1d([3]), tf.tensor1d([4])]).dataSync()[0]).toBeCloseTo(5, 6);
    expect(optimiser.norm([null, null]).dataSync()[0]).toBe(0);
  });

  it("refuses two parameters of one name", () => {
    expect(() => sgd([parameter("w", [1]), parameter("w", [2])], { learningRate: constant(1) })).toThrow(/share a name: w/);
  });

  it("creates no tensors per step", () => {
    const w = parameter("w", [1, 2, 3]);
    const optimiser = sgd([w], { learningRate: constant(0.1), clipValue: 1 });
    const gradient = tf.tensor1d([1, 2, 3]);
    const before = tf.memory().numTensors;
    for (let i = 0; i < 5; i++) optimiser.apply([gradient], i);
    expect(tf.memory().numTensors).toBe(before);
  });
});
