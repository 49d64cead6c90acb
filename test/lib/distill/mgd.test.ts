import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { loadBackend } from "../../../lib/backend/load.ts";
import { fcos } from "../../../lib/detector/fcos.ts";
import { parameterSet } from "../../../lib/distill/layers.ts";
import { cellNumbers, generator, hideCells, keptCells, mgd, mgdPresets, mgdTerm } from "../../../lib/distill/mgd.ts";
import { expectGradients, normal } from "../tensor/finite-difference.ts";
import { batchWith, distillation, train, weightsOf } from "./taught-run.ts";

beforeAll(async () => void (await loadBackend()));

const share = (kept: Float32Array) => kept.reduce((sum, one) => sum + one, 0) / kept.length;

describe("mgd", () => {
  it("hides the share of the cells that is asked for, by a pure function of seed, iteration and level", () => {
    const numbers = cellNumbers(20_000, { seed: 1, iteration: 3, level: 0 });
    // 20,000 draws miss the share by 0.34 % (one standard deviation).
    for (const ratio of [0, 0.45, 0.65, 1]) expect(Math.abs(share(keptCells(numbers, ratio)) - (1 - ratio))).toBeLessThan(0.014);
    expect(cellNumbers(50, { seed: 1, iteration: 3, level: 0 })).toEqual(numbers.subarray(0, 50));
    for (const other of [{ seed: 2, iteration: 3, level: 0 }, { seed: 1, iteration: 4, level: 0 }, { seed: 1, iteration: 3, level: 1 }]) expect(cellNumbers(50, other)).not.toEqual(numbers.subarray(0, 50));
  });

  it("hides a cell in all channels, and learns from the rest with the gradients of differences", () => {
    const [map, teacher] = ["s", "t"].map((key) => normal([2, 3, 4, 5], key) as tf.Tensor4D);
    const kept = keptCells(cellNumbers(24, { seed: 0, iteration: 0, level: 0 }), 0.5);
    const hidden = hideCells(map, kept).dataSync();
    map.dataSync().forEach((value, i) => expect(hidden[i]).toBeCloseTo(kept[Math.floor(i / 5)] === 1 ? value : 0, 6));
    const set = parameterSet(0);
    const generate = generator(set, "", 5);
    // ReLU's corners bound the step.
    expectGradients((x) => mgdTerm(x as tf.Tensor4D, teacher, { kept, generate }), [map], { step: 2e-3, tolerance: 2e-2 });
    const slope = tf.grad((x) => mgdTerm(x as tf.Tensor4D, teacher, { kept, generate }))(map).dataSync();
    slope.forEach((value, i) => { if (kept[Math.floor(i / 5)] === 0) expect(Math.abs(value)).toBe(0); });
    for (const extreme of [map, tf.mul<tf.Tensor4D>(map, 80), tf.zerosLike(map)]) for (const all of [0, 1]) expect(Number.isFinite(mgdTerm(extreme, teacher, { kept: kept.map(() => all), generate }).dataSync()[0])).toBe(true);
    expect(() => mgdTerm(map, tf.zeros([2, 3, 4, 6]), { kept, generate })).toThrow(/student is \[2, 3, 4, 5\], the teacher's \[2, 3, 4, 6\]/);
    set.dispose();
  });

  it("trains: finite, the student's backbone and the generators learn, the teacher does not, resumed masks are equal", async () => {
    const [student, teacher] = [fcos({ classes: 3, seed: 1, channels: 16 }), fcos({ classes: 3, seed: 2, channels: 24 })];
    const before = tf.memory().numTensors;
    const weights = weightsOf(teacher);
    const distiller = mgd({ student, teacher, seed: 5 });
    const batch = batchWith([2, 0]);
    const variables = teacher.parameters().map(({ variable }) => variable);
    const { terms, norms } = distillation({ detector: student, distiller }, batch, variables);
    expect(distillation({ detector: student, distiller }, batch, variables)).toEqual({ terms, norms });
    batch.dispose();
    expect(Object.keys(terms)).toEqual(["distill.feature"]);
    for (const { name, group, frozen } of student.parameters()) if (!frozen && group !== "head") expect(norms[name], name).toBeGreaterThan(0);
    for (const { name } of distiller.parameters()) expect(norms[name], name).toBeGreaterThan(0);
    expect(distiller.parameters().slice(-4).map(({ name }) => name)[0]).toBe(`distill_losses.loss_mgd_fpn_${student.strides.length - 1}.generation.0.weight`);
    expect(variables.every((variable) => Number.isNaN(norms[variable.name]))).toBe(true);
    const steps = await train({ detector: student, distiller }, [2, 0]);
    expect(steps.every(({ total }) => Number.isFinite(total))).toBe(true);
    expect(steps[0].lambda).toBe(mgdPresets.retinanet.alpha);
    expect(new Set(steps.slice(1).map(({ tensors }) => tensors)).size).toBe(1);
    distiller.dispose();
    expect(weightsOf(teacher)).toEqual(weights);
    expect(() => mgd({ student, teacher, ratio: 1.5 })).toThrow(/mgd: ratio is 1.5; allowed: 0 to 1/);
    expect(() => mgd({ student: { ...student, strides: [4] }, teacher })).toThrow(/strides 4, the teacher/);
    expect(tf.memory().numTensors).toBe(before);
    student.dispose();
    teacher.dispose();
  });
});
