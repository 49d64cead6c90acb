import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadBackend } from "../../../lib/backend/load.ts";
import type { Detector } from "../../../lib/detector/detector.ts";
import { retinanet } from "../../../lib/detector/retinanet.ts";
import { fkd, fkdConnectors, fkdPresets, fkdTerms, readStudent, readTeacher, type FkdOptions } from "../../../lib/distill/fkd.ts";
import { distillers } from "../../../lib/distill/index.ts";
import { parameterSet } from "../../../lib/distill/layers.ts";
import { nonLocal } from "../../../lib/distill/non-local.ts";
import { expectClose } from "../../close.ts";
import { expectGradients, normal } from "../tensor/finite-difference.ts";
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

const map = (shape: readonly number[], key: string, scale = 1) => normal(shape, key, { scale }) as tf.Tensor4D;
const terms = ["feature", "channel", "spatial", "nonLocal"].map((term) => `distill.${term}`);

/** All layers as they would be after training: none is 0. */
function stir(parameters: readonly { readonly name: string; readonly variable: tf.Variable }[]): void {
  for (const { name, variable } of parameters) tf.tidy(() => variable.assign(normal(variable.shape, name, { scale: 0.5, offset: name.endsWith("bn.weight") ? 1 : 0 })));
}

describe("fkd", () => {
  it("trains: all terms finite and falling, connectors of both sides and the student's backbone learn, the teacher does not", async () => {
    const before = tf.memory().numTensors;
    const weights = weightsOf(teacher);
    const own = retinanet({ classes: 3, seed: 1, channels: 16, backbone: "tiny-8" });
    const distiller = fkd({ student: own, teacher });
    stir(distiller.parameters().filter(({ frozen }) => !frozen));
    const batch = batchWith([2, 0]);
    const { terms: values, norms } = distillation({ detector: own, distiller }, batch, teacher.parameters().map(({ variable }) => variable));
    batch.dispose();
    expect(Object.keys(values)).toEqual(terms);
    for (const { name, group, frozen } of own.parameters()) if (!frozen && group !== "head") expect(norms[name], name).toBeGreaterThan(0);
    for (const { name, frozen } of distiller.parameters()) if (!frozen) expect(norms[name], name).toBeGreaterThan(0);
    expect(teacher.parameters().every(({ variable }) => Number.isNaN(norms[variable.name]))).toBe(true);
    const steps = await train({ detector: own, distiller }, [2, 0]);
    const sum = (step: (typeof steps)[number]) => terms.reduce((total, term) => total + step.weighted[term], 0);
    expect(sum(steps[3])).toBeLessThan(sum(steps[0]));
    expect(new Set(steps.slice(1).map(({ tensors }) => tensors)).size).toBe(1);
    distiller.dispose();
    own.dispose();
    expect(weightsOf(teacher)).toEqual(weights);
    expect(tf.memory().numTensors).toBe(before);
  });

  it("has gradient 0 where student and teacher agree, or NaN in `feature` as the code has it", () => {
    const set = parameterSet(0);
    const connectors = { ...fkdConnectors(set, 0, { from: 4, to: 4, reduction: 2, pool: 2 }), channel: (x: tf.Tensor2D) => tf.clone(x), spatial: tf.clone, feature: tf.clone, relation: tf.clone };
    tf.tidy(() => {
      const wanted = map([2, 4, 6, 4], "map");
      const slope = (term: "feature" | "channel" | "spatial" | "nonLocal", atEquality: "zero" | "nan") => Array.from(tf.grad((x: tf.Tensor) => {
        const teacherSide = readTeacher(wanted, 0.5);
        return fkdTerms(readStudent(x as tf.Tensor4D, connectors, 0.5), { ...teacherSide, map: wanted }, connectors, { atEquality })[term];
      })(tf.clone(wanted)).dataSync());
      for (const term of ["feature", "channel", "spatial", "nonLocal"] as const) expect(slope(term, "zero").every((v) => v === 0), term).toBe(true);
      expect(slope("feature", "nan").every(Number.isNaN)).toBe(true);
      expect(slope("spatial", "nan").every((v) => v === 0)).toBe(true);
    });
    set.dispose();
  });

  it("stays finite on maps of zeros, of one cell, and of extreme values", () => {
    for (const [h, w, scale] of [[4, 6, 0], [1, 1, 1], [4, 6, 1e6]]) {
      const set = parameterSet(0);
      const connectors = fkdConnectors(set, 0, { from: 3, to: 5, reduction: 4, pool: 8 });
      tf.tidy(() => {
        const wanted = readTeacher(map([1, h, w, 5], "teacher", scale), 0.5);
        const { value, grad } = tf.valueAndGrad((x: tf.Tensor) => tf.addN(Object.values(fkdTerms(readStudent(x as tf.Tensor4D, connectors, 0.5), wanted, connectors, { atEquality: "zero" }))))(map([1, h, w, 3], "student", scale));
        expect(Number.isFinite(value.dataSync()[0]), `${h} × ${w}, ${scale}`).toBe(true);
        expect(Array.from(grad.dataSync()).every(Number.isFinite)).toBe(true);
      });
      set.dispose();
    }
  });

  it("pools keys once by default, twice as the code; windows never exceed the map", () => {
    const block = (pool: number) => {
      const set = parameterSet(0);
      const relate = nonLocal(set, "block", { channels: 4, inner: 2, pool });
      stir(set.all.filter(({ frozen }) => !frozen));
      const values = tf.tidy(() => relate(map([1, 4, 6, 4], "map")).dataSync());
      set.dispose();
      return Array.from(values);
    };
    expect(block(2)).not.toEqual(block(4));
    expectClose(block(4), block(9), { absolute: 0 });
    const term = (options: Partial<FkdOptions>) => {
      const distiller = fkd({ student, teacher, ...options });
      stir(distiller.parameters().filter(({ frozen }) => !frozen));
      const batch = batchWith([1]);
      const value = distillation({ detector: student, distiller }, batch).terms["distill.nonLocal"];
      batch.dispose();
      distiller.dispose();
      return value;
    };
    expect(term({ pool: [2, 2, 1], pooling: "twice" })).toBe(term({ pool: [4, 4, 2] }));
    expect(term({ pool: [2, 2, 1] })).not.toBe(term({ pool: [4, 4, 2] }));
  });

  it("relates cells by the product that is never made of them, with its gradient, and starts as the identity", () => {
    const set = parameterSet(0);
    const relate = nonLocal(set, "block", { channels: 4, inner: 2, pool: 1 });
    const x = map([2, 3, 4, 4], "map");
    expectClose(tf.tidy(() => relate(x).dataSync()), x.dataSync(), { absolute: 1e-6 });
    stir(set.all.filter(({ frozen }) => !frozen));
    const of = (name: string) => set.all.find((parameter) => parameter.name === `block.${name}`)!.variable;
    tf.tidy(() => {
      const rows = tf.reshape(x, [2, 12, 4]);
      const embed = (part: string) => tf.add(tf.reshape(tf.matMul(tf.reshape(rows, [24, 4]), tf.reshape(of(`${part}.conv.weight`), [4, 2])), [2, 12, 2]), of(`${part}.conv.bias`));
      const weights = tf.mul(tf.matMul(embed("theta"), embed("phi.0.0"), false, true), 1 / 12);
      const y = tf.reshape(tf.matMul(tf.reshape(tf.matMul(weights, embed("g.0.0")), [24, 2]), tf.reshape(of("conv_out.conv.weight"), [2, 4])), [24, 4]);
      const { mean, variance } = tf.moments(y, 0);
      const normed = tf.add(tf.mul(tf.div(tf.sub(y, mean), tf.sqrt(tf.add(variance, 1e-5))), of("conv_out.bn.weight")), of("conv_out.bn.bias"));
      expectClose(relate(x).dataSync(), tf.add(tf.reshape(normed, x.shape), x).dataSync(), { absolute: 2e-4 });
      expectGradients((a) => relate(a as tf.Tensor4D), [x], { step: 2e-3, tolerance: 2e-2 });
    });
    x.dispose();
    set.dispose();
  });

  it("takes the published weights of the student's kind, and its own", () => {
    expect(distillers.fkd).toBe(fkd);
    const weights = (options: Partial<FkdOptions>) => {
      const distiller = fkd({ student, teacher, ...options });
      const batch = batchWith([1]);
      const hints = distiller.hints(batch);
      const found = tf.tidy(() => Object.values(distiller.loss(student.forward(batch.images), hints, batch, { iteration: 0, detector: student })).map(({ weight }) => weight));
      tf.dispose(Object.values(hints).flat());
      batch.dispose();
      distiller.dispose();
      return found;
    };
    const { feature, channel, spatial, nonLocal: relation } = fkdPresets.fasterRcnn;
    expect(weights({})).toEqual([4e-4, 2e-2, 2e-2, 4e-4]);
    expect(weights({ preset: "fasterRcnn" })).toEqual([feature, channel, spatial, relation]);
    expect(weights({ weight: 10, spatial: 0 })).toEqual([4e-3, 0.2, 0, 4e-3]);
  });

  it("refuses values and levels that make no sense", () => {
    const make = (options: object) => () => fkd({ student, teacher, ...options });
    expect(make({ temperature: 0 })).toThrow(/temperature is 0/);
    expect(make({ pool: [] })).toThrow(/pool is \[\]/);
    expect(make({ pooling: "thrice" })).toThrow(/"once", "twice"/);
    expect(make({ atEquality: "inf" })).toThrow(/"zero", "nan"/);
    expect(make({ channel: NaN })).toThrow(/channel is NaN/);
    expect(make({ levels: 0 })).toThrow(/levels is 0/);
    expect(make({ student: { ...student, strides: [8, 16, 32] } })).toThrow(/strides 8, 16, 32/);
  });
});
