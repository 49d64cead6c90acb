import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadBackend } from "../../lib/backend/load.ts";
import { cwdTerm } from "../../lib/distill/cwd.ts";
import { oracleFolder } from "../shared.ts";
import { compareLevel } from "./distill-level.ts";
import { Agreement, lossError, mapOf, readOracle, type TensorSpec } from "./distill-oracle.ts";

interface Inputs {
  readonly student: readonly TensorSpec[];
  readonly teacher: readonly TensorSpec[];
}
interface Params {
  readonly tau: number;
  readonly lossWeight: number;
}

const folder = oracleFolder("distill");
const agreement = new Agreement();

describe.skipIf(folder === undefined)("CWD agrees with the oracle", () => {
  beforeAll(async () => void (await loadBackend()));
  afterAll(() => console.log(`cwd.json, worst relative errors: ${agreement.toString()}`));
  const { cases } = folder === undefined ? { cases: [] } : readOracle<Inputs, Params>(folder, "cwd.json");

  it.each(cases)("$id", ({ inputs, params: { tau, lossWeight: weight }, expected }) => {
    const results = inputs.student.map((spec, level) => {
      const [student, teacher] = [mapOf(spec), mapOf(inputs.teacher[level])];
      const result = compareLevel({ level, weight, shown: weight, student, ...expected, term: (map) => cwdTerm(map, teacher, { temperature: tau }) }, agreement);
      const [plain] = tf.tidy(() => cwdTerm(student, teacher, { temperature: tau, logarithm: "underflowing" })).dataSync();
      tf.dispose([student, teacher]);
      return { ...result, plain };
    });
    const sum = (of: "value" | "plain") => weight * results.reduce((total, result) => total + result[of], 0);
    const errors = [...results.flatMap((result) => result.errors), lossError("total", sum("value"), expected.losses.total, agreement)];
    // TorchDistiller's form: what it is in double precision, or, where single precision breaks it, the very same way broken.
    const { f32, f64 } = expected.losses.torchDistiller;
    const broken = !Number.isFinite(Number(f32));
    if (broken) expect(sum("plain")).toBe(Number(f32));
    else errors.push(lossError("torchDistiller", sum("plain"), expected.losses.torchDistiller, agreement));
    if (broken && Number.isFinite(Number(f64))) errors.push(lossError("torchDistiller, stable", sum("value"), { f64 }, agreement));
    expect(errors.filter((error) => error !== undefined)).toEqual([]);
  });
});
