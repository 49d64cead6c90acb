import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadBackend } from "../../lib/backend/load.ts";
import { parameterSet } from "../../lib/distill/layers.ts";
import { sampleRows, semckdLoss, semckdNetwork, type SemckdResult } from "../../lib/distill/semckd.ts";
import { oracleFolder } from "../shared.ts";
import { Agreement, fill, lossError, mapOf, readOracle, shapeOf, summaryErrors, toNchw, type Summary, type TensorSpec } from "./distill-oracle.ts";

interface Inputs {
  readonly student: readonly TensorSpec[];
  readonly teacher: readonly TensorSpec[];
  readonly weights: readonly (TensorSpec & { readonly name: string })[];
}

const folder = oracleFolder("distill");
const agreement = new Agreement();

/** A PyTorch weight in TensorFlow's layout, and back: the two permutations are each other's inverse. */
const toTensorFlow: Record<number, number[]> = { 1: [0], 2: [1, 0], 4: [2, 3, 1, 0] };
const toPyTorch: Record<number, number[]> = { 1: [0], 2: [1, 0], 4: [3, 2, 0, 1] };

describe.skipIf(folder === undefined)("SemCKD agrees with the oracle", () => {
  beforeAll(async () => void (await loadBackend()));
  afterAll(() => console.log(`semckd.json, worst relative errors: ${agreement.toString()}`));
  const { cases } = folder === undefined ? { cases: [] } : readOracle<Inputs, { batch: number; factor: number }>(folder, "semckd.json");

  it.each(cases)("$id", ({ inputs, params: { batch, factor }, expected }) => {
    const student = inputs.student.map(mapOf);
    const teacher = inputs.teacher.map(mapOf);
    const channels = (specs: readonly TensorSpec[]) => specs.map((spec) => shapeOf(spec)[1]);
    const set = parameterSet(0);
    const embedding = Math.floor(batch / factor);
    const network = semckdNetwork(set, {
      student: channels(inputs.student), teacher: channels(inputs.teacher), embedding,
      inputs: { student: student.map(() => batch), teacher: teacher.map(() => batch) },
    });
    expect(set.all.filter(({ frozen }) => !frozen).map(({ name }) => name).sort()).toEqual(inputs.weights.map(({ name }) => name).sort());
    const variables = new Map(set.all.filter(({ frozen }) => !frozen).map(({ name, variable }) => [name, variable]));
    for (const spec of inputs.weights) tf.tidy(() => variables.get(spec.name)!.assign(tf.transpose(tf.tensor(fill(spec), shapeOf(spec)), toTensorFlow[shapeOf(spec).length])));

    const run = (maps: tf.Tensor4D[]): SemckdResult => semckdLoss(network, { student: maps, teacher, teacherRows: teacher.map((map) => sampleRows(map, "gram")) }, "gram");
    const errors: (string | undefined)[] = [];
    tf.tidy(() => {
      const { loss, attention, pairLoss, regressed } = run(student);
      errors.push(lossError("total", loss.dataSync()[0], expected.losses.total, agreement));
      for (const [name, summary] of Object.entries(expected.intermediates)) {
        const [, i, j] = name.split(".").map(Number);
        const actual = name === "attention" ? attention : name === "pairLoss" ? pairLoss : toNchw(regressed[i][j]);
        errors.push(...summaryErrors(name, actual, summary as Summary, agreement));
      }
      const maps = student.map((map) => tf.variable(map));
      const { grads } = tf.variableGrads(() => run(maps).loss, [...maps, ...variables.values()]);
      for (const [name, summary] of Object.entries(expected.gradients)) {
        const [side, level] = name.split(".");
        const variable = side === "student" ? maps[Number(level)] : variables.get(name)!;
        const gradient = side === "student" ? toNchw(grads[variable.name]) : tf.transpose(grads[variable.name], toPyTorch[variable.rank]);
        // A query of one number is ±1 whatever its weights: the gradient is 0, and what the oracle prints is float64 rounding.
        if (embedding === 1 && /^(key|query)_weight/.test(name)) {
          if (!(Math.sqrt(summary.sumSq) < 1e-15)) errors.push(`${name}: the oracle's gradient is not 0`);
          if (gradient.dataSync().some((value) => value !== 0)) errors.push(`${name}: ${gradient.dataSync().join(", ")} instead of 0`);
        } else errors.push(...summaryErrors(name, gradient, summary, agreement));
      }
      maps.forEach((map) => map.dispose());
    });
    tf.dispose([student, teacher]);
    set.dispose();
    expect(errors.filter((error) => error !== undefined)).toEqual([]);
  });
});
