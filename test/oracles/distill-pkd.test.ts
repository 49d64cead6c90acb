import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadBackend } from "../../lib/backend/load.ts";
import { pkdTerm } from "../../lib/distill/pkd.ts";
import { oracleFolder } from "../shared.ts";
import { compareLevel } from "./distill-level.ts";
import { Agreement, lossError, mapOf, readOracle, toNchw, type LossValue, type Summary, type TensorSpec } from "./distill-oracle.ts";

interface Inputs {
  readonly student: readonly TensorSpec[];
  readonly teacher: readonly TensorSpec[];
}
interface Params {
  readonly lossWeight: number;
  readonly resizeStudent: boolean;
}

const folder = oracleFolder("distill");
const agreement = new Agreement();

/**
 * The teacher is the student's map times a factor plus a shift: the true loss is ε's effect, and the true gradient what rounded
 * the file's own single-precision inputs, a tenth of what single precision can tell of z. There every entry must be right to that
 * resolution: three roundings of each of the two z, through dF = dz/(size·σ).
 */
function resolutionErrors(student: tf.Tensor4D, gradient: tf.Tensor, expected: Summary, weight: number): string[] {
  const [deviation, largest] = tf.tidy(() => {
    const { mean, variance } = tf.moments(student, [0, 1, 2], true);
    const sigma = tf.sqrt(variance);
    return [tf.min(sigma), tf.max(tf.abs(tf.div(tf.sub(student, mean), sigma)))].map((x) => x.dataSync()[0]);
  });
  const allowed = (weight * 6 * 2 ** -24 * largest) / (student.size * deviation);
  const values = gradient.dataSync();
  const strides = expected.shape.map((_, axis) => expected.shape.slice(axis + 1).reduce((a, b) => a * b, 1));
  const at = (index: readonly number[]) => values[index.reduce((sum, i, axis) => sum + i * strides[axis], 0)];
  const errors = expected.samples.flatMap(([index, truth]) => (Math.abs(at(index) - truth) <= allowed ? [] : [`sample[${index.join(", ")}]: ${at(index)} instead of ${truth} (allowed ${allowed})`]));
  return [...errors, ...(values.every((value) => Math.abs(value) <= 2 * allowed) ? [] : ["an entry beyond the resolution"])];
}

/** As above: the root of the mean square of z_s − z_t, which roundings move, must be right to three roundings of each z, whose own is 1. */
function rootErrors(name: string, value: number, { f64 }: LossValue): string[] {
  const error = Math.abs(Math.sqrt(2 * value) - Math.sqrt(2 * Number(f64)));
  return error <= 6 * 2 ** -24 ? [] : [`${name}: ${value} instead of ${f64}`];
}

describe.skipIf(folder === undefined)("PKD agrees with the oracle", () => {
  beforeAll(async () => void (await loadBackend()));
  afterAll(() => console.log(`pkd.json, worst relative errors: ${agreement.toString()}`));
  const { cases } = folder === undefined ? { cases: [] } : readOracle<Inputs, Params>(folder, "pkd.json");

  it.each(cases)("$id", ({ id, inputs, params, expected }) => {
    const errors: (string | undefined)[] = [];
    let total = 0;
    inputs.student.forEach((spec, level) => {
      const [student, teacher] = [mapOf(spec), mapOf(inputs.teacher[level])];
      const term = (map: tf.Tensor4D) => pkdTerm(map, teacher, { resize: params.resizeStudent ? "student" : "teacher", singleValue: "nan" });
      const pearson = expected.losses[`pearson.level${level}`];
      const perfect = pearson !== undefined && Math.abs(Number(pearson.f64)) < 1e-12;
      const name = `student.${level}`;
      const gradients = perfect ? {} : expected.gradients;
      const result = compareLevel({ level, weight: params.lossWeight, shown: 1, student, ...expected, gradients, term }, agreement);
      if (!perfect) errors.push(...result.errors);
      if (perfect) {
        console.log(`${id}, level ${level}: perfectly correlated, so gradients are compared at single precision's resolution; left out: pearson (${pearson.f64}, below it)`);
        errors.push(...rootErrors(`level${level}`, result.value, expected.losses[`level${level}`]));
        errors.push(...tf.tidy(() => [resolutionErrors(student, toNchw(tf.grad((map) => tf.mul(term(map as tf.Tensor4D), params.lossWeight))(student)), expected.gradients[name], params.lossWeight)])[0]);
      }
      // A level that is compared by its root alone is taken as right in the sum.
      total += params.lossWeight * (perfect ? Number(expected.losses[`level${level}`].f64) : result.value);
      const again = expected.losses[`crossKD.level${level}`];
      if (again !== undefined && !perfect) errors.push(lossError(`crossKD.level${level}`, result.value, again, agreement));
      const [batch, height, width] = student.shape;
      const count = batch * height * width;
      if (pearson !== undefined && !perfect) errors.push(lossError(`pearson.level${level}`, (result.value * count) / (count - 1), pearson, agreement));
      tf.dispose([student, teacher]);
    });
    errors.push(lossError("total", total, expected.losses.total, agreement));
    expect(errors.filter((error) => error !== undefined)).toEqual([]);
  });
});
