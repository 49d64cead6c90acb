import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { loadBackend } from "../../../lib/backend/load.ts";
import { fcos } from "../../../lib/detector/fcos.ts";
import { pkd, pkdTerm } from "../../../lib/distill/pkd.ts";
import { expectGradients, expectNoLeak, normal } from "../tensor/finite-difference.ts";
import { batchWith, distillation, train, weightsOf } from "./taught-run.ts";

beforeAll(async () => void (await loadBackend()));

const map = (key: string, shape = [2, 3, 4, 5], scale = 1) => normal(shape, key, { scale }) as tf.Tensor4D;
const value = (student: tf.Tensor4D, teacher: tf.Tensor4D, options = {}) => pkdTerm(student, teacher, options).dataSync()[0];
const slope = (student: tf.Tensor4D, teacher: tf.Tensor4D, options = {}) => tf.grad((x) => pkdTerm(x as tf.Tensor4D, teacher, options))(student);
const greatest = (x: tf.Tensor) => tf.max(tf.abs(x)).dataSync()[0];

describe("pkd", () => {
  it("does not see a channel's factor and shift, and is bounded by anticorrelation", () => {
    const [s, t] = [map("s"), map("t")];
    const moved = tf.add<tf.Tensor4D>(tf.mul(s, [3, 0.5, 7, 1, 2]), [1, -2, 0, 4, 5]);
    expect(value(moved, t)).toBeCloseTo(value(s, t), 4);
    expect(value(tf.neg(t), t)).toBeCloseTo((2 * 23) / 24, 4);
    expect(value(s, s)).toBe(0);
    expect(greatest(slope(s, s))).toBe(0);
  });

  it("has the gradients of differences, resized or not", () => {
    expectGradients((x) => pkdTerm(x as tf.Tensor4D, map("t")), [map("s")], { step: 3e-3, tolerance: 1e-2 });
    expectGradients((x) => pkdTerm(x as tf.Tensor4D, map("u", [2, 2, 3, 5])), [map("s")], { step: 3e-3, tolerance: 1e-2 });
    expectGradients((x) => pkdTerm(x as tf.Tensor4D, map("u", [2, 2, 3, 5]), { resize: "teacher" }), [map("s")], { step: 3e-3, tolerance: 1e-2 });
  });

  it("one value per channel says nothing; NaN as in the code only when asked", () => {
    const [s, t] = [map("s", [1, 1, 1, 4]), map("t", [1, 1, 1, 4])];
    expect(value(s, t)).toBe(0);
    expect(greatest(slope(s, t))).toBe(0);
    expect(value(s, t, { singleValue: "nan" })).toBeNaN();
    expect(value(map("s"), map("t"), { singleValue: "nan" })).toBe(value(map("s"), map("t")));
  });

  it("is finite for constant maps and ±80, names unequal maps, and leaves nothing behind", () => {
    const constant = tf.fill<tf.Rank.R4>([2, 3, 4, 5], 0);
    for (const [s, t] of [[constant, map("t")], [map("s"), constant], [map("s", undefined, 80), map("t", undefined, 80)]]) {
      expect(Number.isFinite(value(s, t))).toBe(true);
      expect(Number.isFinite(greatest(slope(s, t)))).toBe(true);
    }
    expect(() => value(map("s"), map("t", [2, 3, 4, 6]))).toThrow(/student is \[2, 3, 4, 5\], the teacher's \[2, 3, 4, 6\]/);
    const [s, t] = [map("s"), map("u", [2, 2, 3, 5])];
    expectNoLeak(() => tf.tidy(() => void slope(s, t)));
  });

  it("trains without parameters: finite, the backbone learns, the teacher does not; refuses what does not pair", async () => {
    const [student, teacher] = [fcos({ classes: 3, seed: 1, channels: 16 }), fcos({ classes: 4, seed: 2, channels: 16 })];
    const before = tf.memory().numTensors;
    const weights = weightsOf(teacher);
    const distiller = pkd({ student, teacher });
    expect(distiller.parameters()).toEqual([]);
    const batch = batchWith([2, 0]);
    const { terms, norms } = distillation({ detector: student, distiller }, batch);
    batch.dispose();
    expect(Object.keys(terms)).toEqual(["distill.feature"]);
    for (const { name, group, frozen } of student.parameters()) if (!frozen && group === "backbone") expect(norms[name], name).toBeGreaterThan(0);
    const steps = await train({ detector: student, distiller }, [2, 0]);
    expect(steps.every(({ total }) => Number.isFinite(total))).toBe(true);
    expect(steps[0].lambda).toBe(2);
    expect(new Set(steps.slice(1).map(({ tensors }) => tensors)).size).toBe(1);
    expect(weightsOf(teacher)).toEqual(weights);
    distiller.dispose();
    const shape = { name: "retinanet-other", classes: 3, channels: 16, strides: [4, 8, 16] };
    expect(() => pkd({ student: { ...shape, channels: 24 }, teacher })).toThrow(/pkd: the student retinanet-other has 24 channels, the teacher .* 16/);
    expect(() => pkd({ student: shape, teacher: { ...teacher, strides: [8, 16, 32] } })).toThrow(/strides 4, 8, 16/);
    pkd({ student: shape, teacher: { ...teacher, strides: [8, 16, 32] }, pairing: "order" }).dispose();
    expect(() => pkd({ student, teacher, resize: "both" as never })).toThrow(/pkd: resize is "both"; allowed: student, teacher/);
    expect(tf.memory().numTensors).toBe(before);
    student.dispose();
    teacher.dispose();
  });
});
