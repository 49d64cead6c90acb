import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadBackend } from "../../../lib/backend/load.ts";
import type { Detector } from "../../../lib/detector/detector.ts";
import { retinanet } from "../../../lib/detector/retinanet.ts";
import { fitNets, hintLosses } from "../../../lib/distill/fitnets.ts";
import { distillers } from "../../../lib/distill/index.ts";
import { parameterSet } from "../../../lib/distill/layers.ts";
import { regressor } from "../../../lib/distill/regressor.ts";
import { expectNoLeak, normal } from "../tensor/finite-difference.ts";
import { batchWith, distillation, train, weightsOf } from "./taught-run.ts";

let student: Detector;
let teacher: Detector;
beforeAll(async () => {
  await loadBackend();
  student = retinanet({ classes: 3, seed: 1, channels: 16, backbone: "tiny-8" });
  teacher = retinanet({ classes: 3, seed: 2, channels: 24, backbone: "tiny-8" });
});
afterAll(() => {
  student.dispose();
  teacher.dispose();
});

const map = (shape: readonly number[], key: string) => normal(shape, key) as tf.Tensor4D;

describe("fitNets", () => {
  it.each(["conv1x1", "convReg"] as const)("trains with %s: the term falls, its layers and the student's backbone learn, the teacher does not", async (kind) => {
    const before = tf.memory().numTensors;
    const weights = weightsOf(teacher);
    const own = retinanet({ classes: 3, seed: 1, channels: 16, backbone: "tiny-8" });
    const distiller = fitNets({ student: own, teacher, regressor: kind });
    const batch = batchWith([2, 0]);
    const { terms, norms } = distillation({ detector: own, distiller }, batch, teacher.parameters().map(({ variable }) => variable));
    batch.dispose();
    expect(Object.keys(terms)).toEqual(["distill.feature"]);
    for (const { name, group, frozen } of own.parameters()) if (!frozen && group !== "head") expect(norms[name], name).toBeGreaterThan(0);
    for (const { name, frozen } of distiller.parameters()) if (!frozen) expect(Number.isFinite(norms[name]), name).toBe(true);
    expect(teacher.parameters().every(({ variable }) => Number.isNaN(norms[variable.name]))).toBe(true);
    const steps = await train({ detector: own, distiller }, [2, 0]);
    expect(steps[3].losses["distill.feature"]).toBeLessThan(steps[0].losses["distill.feature"]);
    expect(new Set(steps.slice(1).map(({ tensors }) => tensors)).size).toBe(1);
    distiller.dispose();
    own.dispose();
    expect(weightsOf(teacher)).toEqual(weights);
    expect(tf.memory().numTensors).toBe(before);
  });

  it("is 0 with gradient 0 where the regressed map is the teacher's", () => {
    tf.tidy(() => {
      const wanted = map([2, 3, 4, 5], "map");
      const { value, grad } = tf.valueAndGrad((x: tf.Tensor) => hintLosses([x as tf.Tensor4D], [wanted])[0])(tf.clone(wanted));
      expect(value.dataSync()[0]).toBe(0);
      expect(Math.max(...tf.abs(grad).dataSync())).toBe(0);
      const apart = tf.add<tf.Tensor4D>(wanted, 3);
      expect(hintLosses([apart], [wanted])[0].dataSync()[0]).toBeCloseTo(9, 4);
    });
  });

  it("averages a larger teacher to the student's cells, and cuts what doubling adds to an odd map", () => {
    tf.tidy(() => {
      const wanted = map([1, 6, 8, 2], "map");
      const pooled = tf.avgPool(wanted, 2, 2, "valid");
      expect(hintLosses([pooled], [wanted])[0].dataSync()[0]).toBeLessThan(1e-12);
      const odd = tf.slice(wanted, [0, 0, 0, 0], [1, 5, 7, 2]);
      expect(hintLosses([wanted], [odd])[0].dataSync()[0]).toBe(0);
      expect(() => hintLosses([wanted], [tf.slice(wanted, [0, 0, 0, 0], [1, 3, 4, 2])])).toThrow(/6 × 8 cells, the teacher has 3 × 4/);
    });
  });

  it.each([
    [[4, 4], [4, 4], [1, 1, 3, 5]], [[8, 6], [4, 3], [3, 3, 3, 5]], [[4, 3], [8, 6], [4, 4, 5, 3]], [[7, 9], [4, 5], [4, 5, 3, 5]], [[3, 3], [7, 7], [3, 3, 3, 5]],
  ] as const)("regresses %s cells to %s by the window %s", ([h, w], [H, W], window) => {
    const set = parameterSet(0);
    const regress = regressor(set, "r", { kind: "convReg", from: 3, to: 5, student: { height: h, width: w }, teacher: { height: H, width: W } });
    expect(set.all.map(({ name, variable }) => [name, variable.shape])[0]).toEqual(["r.conv.weight", [...window]]);
    expect(set.all.map(({ name }) => name)).toEqual(["r.conv.weight", "r.conv.bias", "r.bn.weight", "r.bn.bias", "r.bn.running_mean", "r.bn.running_var"]);
    tf.tidy(() => {
      const kept = 2 * h < H;
      expect(regress(map([2, h, w, 3], "x")).shape).toEqual([2, kept ? h : H, kept ? w : W, 5]);
    });
    set.dispose();
  });

  it("bridges levels whose strides differ by 2, and their factor only", async () => {
    const distiller = fitNets({ student, teacher, regressor: "convReg", levels: [{ student: 0, teacher: 1 }, { student: 2, teacher: 1 }, { student: 1, teacher: 1 }] });
    expect(distiller.parameters().filter(({ name }) => name.endsWith("conv.weight")).map(({ variable }) => variable.shape.slice(0, 2))).toEqual([[3, 3], [4, 4], [1, 1]]);
    const steps = await train({ detector: student, distiller }, [1, 1], { iterations: 1, learningRate: 0 });
    expect(steps[0].losses["distill.feature"]).toBeGreaterThan(0);
    distiller.dispose();
    expectNoLeak(() => {
      expect(() => fitNets({ student, teacher, levels: [{ student: 0, teacher: 1 }] })).toThrow(/has stride 4 on level 0.* 8 on level 1; conv1x1 bridges factors of 1.*"convReg"/);
      expect(() => fitNets({ student, teacher, regressor: "convReg", levels: [{ student: 0, teacher: 2 }] })).toThrow(/bridges factors of 0.5, 1, 2/);
      expect(() => fitNets({ student, teacher, levels: [{ student: 9, teacher: 0 }] })).toThrow(/levels 0 to 2/);
    });
  });

  it("is in the table, and refuses values that make no sense", () => {
    expect(distillers.fitNets).toBe(fitNets);
    expect(() => fitNets({ student, teacher, feature: -1 })).toThrow(/feature is -1/);
    expect(() => fitNets({ student, teacher, regressor: "conv5x5" as never })).toThrow(/"conv1x1", "convReg"/);
    expect(() => fitNets({ student: { ...student, strides: [4, 8] }, teacher })).toThrow(/strides 4, 8/);
  });
});
