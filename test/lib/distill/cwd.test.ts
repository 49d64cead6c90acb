import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { loadBackend } from "../../../lib/backend/load.ts";
import { fcos } from "../../../lib/detector/fcos.ts";
import { cwd, cwdTerm } from "../../../lib/distill/cwd.ts";
import { expectGradients, expectNoLeak, normal } from "../tensor/finite-difference.ts";
import { batchWith, distillation, train, weightsOf } from "./taught-run.ts";

beforeAll(async () => void (await loadBackend()));

const map = (key: string, scale = 1) => normal([2, 3, 4, 5], key, { scale }) as tf.Tensor4D;
const value = (student: tf.Tensor4D, teacher: tf.Tensor4D, options = {}) => cwdTerm(student, teacher, { temperature: 1, ...options }).dataSync()[0];
const slope = (student: tf.Tensor4D, teacher: tf.Tensor4D, options = {}) => tf.grad((x) => cwdTerm(x as tf.Tensor4D, teacher, { temperature: 1, ...options }))(student);
const greatest = (x: tf.Tensor) => tf.max(tf.abs(x)).dataSync()[0];

describe("cwd", () => {
  it("is positive, does not see a channel's shift, and is 0 with gradient 0 at equality", () => {
    const [s, t] = [map("s"), map("t")];
    expect(value(s, t)).toBeGreaterThan(0);
    expect(value(tf.add(s, [1, -2, 0, 4, 5]), t)).toBeCloseTo(value(s, t), 5);
    for (const logarithm of ["stable", "underflowing"]) expect(value(s, s, { logarithm })).toBe(0);
    expect(greatest(slope(s, s))).toBe(0);
  });

  it("keeps its value for nearly equal maps: half the variance of the difference under the softmax", () => {
    const teacher = map("t");
    const difference = tf.mul<tf.Tensor4D>(map("d"), 1e-3);
    const student = tf.add<tf.Tensor4D>(teacher, difference);
    const expected = tf.tidy(() => {
      const rows = (x: tf.Tensor) => tf.reshape<tf.Rank.R2>(tf.transpose(x, [0, 3, 1, 2]), [10, 12]);
      const [p, d] = [tf.softmax(rows(teacher)), rows(tf.sub(student, teacher))];
      const centred = tf.sub(d, tf.sum(tf.mul(p, d), 1, true));
      return tf.div(tf.sum(tf.mul(p, tf.square(centred))), 20).dataSync();
    })[0];
    expect(Math.abs(value(student, teacher) / expected - 1)).toBeLessThan(3e-3);
  });

  it("has the gradients of differences in both forms, which agree where nothing underflows", () => {
    for (const logarithm of ["stable", "underflowing"] as const) expectGradients((x) => cwdTerm(x as tf.Tensor4D, map("t"), { temperature: 2, logarithm }), [map("s")], { step: 5e-3, tolerance: 1e-2 });
    const [stable, plain] = (["stable", "underflowing"] as const).map((logarithm) => slope(map("s"), map("t"), { logarithm }));
    expect(greatest(tf.sub(stable, plain))).toBeLessThan(1e-5 * greatest(stable));
  });

  it("is finite at ±80 and for zeros, where the logarithm of a softmax is not", () => {
    const [s, t] = [map("s", 80), map("t", 80)];
    expect(value(s, t)).toBeGreaterThan(0);
    expect(Number.isFinite(value(s, t)) && Number.isFinite(greatest(slope(s, t)))).toBe(true);
    expect(Number.isFinite(value(s, t, { logarithm: "underflowing" }))).toBe(false);
    const zeros = tf.zerosLike(s);
    expect(Number.isFinite(value(zeros, t)) && Number.isFinite(value(s, zeros))).toBe(true);
    expect(() => value(s, tf.zeros([2, 3, 4, 6]))).toThrow(/student is \[2, 3, 4, 5\], the teacher's \[2, 3, 4, 6\]/);
    expectNoLeak(() => tf.dispose(slope(s, t)));
  });

  it.each(["pyramid", "logits"] as const)("trains on the %s: finite, the backbone learns, the teacher does not", async (site) => {
    const [student, teacher] = [fcos({ classes: 3, seed: 1, channels: 16 }), fcos({ classes: 3, seed: 2, channels: 16 })];
    const before = tf.memory().numTensors;
    const weights = weightsOf(teacher);
    const distiller = cwd({ student, teacher, site });
    const batch = batchWith([2, 0]);
    const { terms, norms } = distillation({ detector: student, distiller }, batch);
    batch.dispose();
    expect(Object.keys(terms)).toEqual(["distill.channel"]);
    for (const { name, group, frozen } of student.parameters()) if (!frozen && group === "backbone") expect(norms[name], name).toBeGreaterThan(0);
    const steps = await train({ detector: student, distiller }, [2, 0]);
    expect(steps.every(({ total }) => Number.isFinite(total))).toBe(true);
    expect(new Set(steps.slice(1).map(({ tensors }) => tensors)).size).toBe(1);
    expect(weightsOf(teacher)).toEqual(weights);
    distiller.dispose();
    const shape = { name: "gfl-other", classes: 3, channels: 16, strides: student.strides };
    expect(() => cwd({ student: { ...shape, channels: 24, classes: 4 }, teacher, site })).toThrow(site === "pyramid" ? /cwd: .*24 channels, the teacher .* 16/ : /cwd: .*4 classes, the teacher .* 3/);
    expect(() => cwd({ student: { ...shape, strides: [4] }, teacher, site })).toThrow(/strides 4/);
    expect(() => cwd({ student, teacher, site, temperature: 0 })).toThrow(/temperature is 0/);
    expect(tf.memory().numTensors).toBe(before);
    student.dispose();
    teacher.dispose();
  });
});
