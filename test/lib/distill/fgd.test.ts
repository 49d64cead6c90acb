import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadBackend } from "../../../lib/backend/load.ts";
import type { Detector } from "../../../lib/detector/detector.ts";
import { fcos } from "../../../lib/detector/fcos.ts";
import { fgd, fgdBlocks, fgdHints, fgdPresets, fgdTerms, type FgdOptions, type FgdTerms } from "../../../lib/distill/fgd.ts";
import { parameterSet } from "../../../lib/distill/layers.ts";
import { normal } from "../tensor/finite-difference.ts";
import { batchWith, distillation, train, weightsOf } from "./taught-run.ts";
import { size, targetsOf } from "./tiny.ts";

let student: Detector;
let teacher: Detector;
beforeAll(async () => {
  await loadBackend();
  student = fcos({ classes: 3, seed: 1, channels: 16 });
  teacher = fcos({ classes: 3, seed: 2, channels: 24 });
});
afterAll(() => {
  student.dispose();
  teacher.dispose();
});

const image = { imageHeight: size.height, imageWidth: size.width };
const names = ["foreground", "background", "attention", "relation"] as const;

/** The terms of one level with blocks as they start, and the greatest gradient of their sum by the student's map. */
function compare(map: tf.Tensor4D, teacherMap: tf.Tensor4D, counts: readonly number[], options: Pick<FgdOptions, "scaleBy" | "area"> = {}, targets = targetsOf(counts)) {
  return tf.tidy(() => {
    const set = parameterSet(0);
    const blocks = fgdBlocks(set, "", map.shape[3]);
    const hints = fgdHints(teacherMap, targets, { ...image, ...options, temperature: 0.5 });
    const of = (x: tf.Tensor4D): FgdTerms => fgdTerms(x, hints, { temperature: 0.5, blocks });
    const values = of(map);
    const gradient = tf.grad((x) => tf.addN(names.map((name) => of(x as tf.Tensor4D)[name])))(map);
    const result = { ...Object.fromEntries(names.map((name) => [name, values[name].dataSync()[0]])), gradient: tf.max(tf.abs(gradient)).dataSync()[0] };
    set.dispose();
    return [result as unknown as Record<keyof FgdTerms | "gradient", number>];
  })[0];
}

const map = (key: string, scale = 1, cells: [number, number] = [4, 6]) => normal([2, ...cells, 8], key, { scale }) as tf.Tensor4D;

describe("fgd", () => {
  it("is exactly 0 with gradient 0 where student and teacher agree", () => {
    const x = map("same");
    expect(compare(x, x, [2, 1])).toEqual({ foreground: 0, background: 0, attention: 0, relation: 0, gradient: 0 });
  });

  it("is finite for images without boxes, maps of zeros, ±80 and one cell", () => {
    const pairs: [tf.Tensor4D, tf.Tensor4D][] = [[map("a"), map("b")], [tf.zeros([2, 4, 6, 8]), map("b")], [map("a"), tf.zeros([2, 4, 6, 8])], [map("a", 80), map("b", 80)], [map("a", 1, [1, 1]), map("b", 1, [1, 1])]];
    for (const [s, t] of pairs) {
      for (const counts of [[0, 0], [0, 3]]) {
        const values = compare(s, t, counts);
        for (const value of Object.values(values)) expect(Number.isFinite(value)).toBe(true);
        if (counts[1] === 0) expect(values.foreground).toBe(0);
      }
    }
  });

  it("has no background where boxes cover a level, and no foreground off it", () => {
    const all = targetsOf([1, 1]).map((target) => ({ ...target, boxes: Float32Array.from([0, 0, 48, 32]) }));
    expect(compare(map("a"), map("b"), [], {}, all)).toMatchObject({ background: 0 });
    expect(compare(map("a"), map("b"), [], {}, all).foreground).toBeGreaterThan(0);
  });

  it("does as the code does with padded images and borders only when asked", () => {
    const padded = targetsOf([1, 1]).map((target) => ({ ...target, width: 32, boxes: Float32Array.from([18, 10, 31, 32]) }));
    const at = (options: Pick<FgdOptions, "scaleBy" | "area">) => compare(map("a"), map("b"), [], options, padded).foreground;
    expect(at({ scaleBy: "padded", area: "inside" })).toBe(at({}));
    expect(at({ scaleBy: "content" })).not.toBeCloseTo(at({}), 3);
    expect(at({ area: "whole" })).toBeLessThan(at({}));
  });

  it("takes the student's kind's published weights, and four levels of two-stage detectors", () => {
    const shape = { classes: 3, channels: 8, strides: [4, 8, 16, 32, 64] };
    const twoStage = fgd({ student: { name: "faster-rcnn-tiny", ...shape }, teacher: { name: "teacher", ...shape, parameters: () => [] } as unknown as Detector });
    expect(twoStage.parameters().filter(({ name }) => name.endsWith("conv_mask_s.weight")).map(({ name }) => name)).toEqual([0, 1, 2, 3].map((level) => `distill_losses.loss_fgd_fpn_${level}.conv_mask_s.weight`));
    twoStage.dispose();
    expect(fgdPresets.fasterRcnn).toMatchObject({ alpha: 5e-5, beta: 2.5e-5, gamma: 5e-5, lambda: 5e-7, temperature: 0.5 });
    expect(fgdPresets.fcos.temperature).toBe(0.8);
  });

  it("trains: finite, the student's backbone and both blocks learn, the teacher does not", async () => {
    const before = tf.memory().numTensors;
    const weights = weightsOf(teacher);
    const own = fcos({ classes: 3, seed: 1, channels: 16 });
    const distiller = fgd({ student: own, teacher, weight: 10 });
    expect(distiller.parameters().length).toBe(own.strides.length * 18);
    const batch = batchWith([2, 0]);
    const { terms, norms } = distillation({ detector: own, distiller }, batch, teacher.parameters().map(({ variable }) => variable));
    const hints = distiller.hints(batch);
    const loss = tf.tidy(() => Object.fromEntries(Object.entries(distiller.loss(own.forward(batch.images), hints, batch, { iteration: 0, detector: own })).map(([name, { weight }]) => [name, weight])));
    expect(loss["distill.foreground"]).toBeCloseTo(10 * fgdPresets.fcos.alpha, 9);
    expect(loss["distill.relation"]).toBeCloseTo(10 * fgdPresets.fcos.lambda, 11);
    tf.dispose(Object.values(hints).flat());
    batch.dispose();
    expect(Object.keys(terms)).toEqual(names.map((name) => `distill.${name}`));
    for (const { name, group, frozen } of own.parameters()) if (!frozen && group !== "head") expect(norms[name], name).toBeGreaterThan(0);
    for (const side of ["s", "t"]) expect(norms[`distill_losses.loss_fgd_fpn_0.channel_add_conv_${side}.3.weight`]).toBeGreaterThan(0);
    expect(norms["distill_losses.loss_fgd_fpn_0.align.weight"]).toBeGreaterThan(0);
    expect(teacher.parameters().every(({ variable }) => Number.isNaN(norms[variable.name]))).toBe(true);
    const steps = await train({ detector: own, distiller }, [2, 0]);
    expect(steps.every(({ total }) => Number.isFinite(total))).toBe(true);
    expect(new Set(steps.slice(1).map(({ tensors }) => tensors)).size).toBe(1);
    distiller.dispose();
    own.dispose();
    expect(weightsOf(teacher)).toEqual(weights);
    expect(tf.memory().numTensors).toBe(before);
  });

  it("leaves nothing behind when a step or the building fails", async () => {
    const before = tf.memory().numTensors;
    const distiller = fgd({ student, teacher });
    const batch = batchWith([1, 1]);
    const broken = { ...batch, targets: batch.targets.map((target) => ({ ...target, boxes: Float32Array.from([1, 2, NaN, 4]) })) };
    expect(() => distiller.hints(broken)).toThrow(/object 0 of image 0 has box \[1, 2, NaN, 4\]/);
    batch.dispose();
    distiller.dispose();
    for (const wrong of [{ alpha: -1 }, { temperature: 0 }, { temperature: NaN }, { levels: 0 }, { levels: 1.5 }, { preset: "yolo" as never }]) {
      expect(() => fgd({ student, teacher, ...wrong })).toThrow(/fgd: .*(allowed|levels)/);
    }
    expect(() => fgd({ student: { ...student, name: "other", strides: [4, 8] }, teacher })).toThrow(/strides 4, 8, the teacher/);
    expect(tf.memory().numTensors).toBe(before);
  });

  it("names both maps where their shapes differ", () => {
    expect(() => compare(map("a"), map("b", 1, [4, 5]), [1, 1])).toThrow(/student is \[2, 4, 6, 8\], the teacher's \[2, 4, 5, 8\]/);
  });
});
