import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadBackend } from "../../lib/backend/load.ts";
import { levelAdapters } from "../../lib/distill/adapters.ts";
import { parameterSet } from "../../lib/distill/layers.ts";
import { generator, hideCells, keptCells, mgdTerm } from "../../lib/distill/mgd.ts";
import { oracleFolder } from "../shared.ts";
import { compareLevel } from "./distill-level.ts";
import { Agreement, fill, lossError, mapOf, readOracle, shapeOf, summaryErrors, toNchw, type OracleCase, type Summary, type TensorSpec } from "./distill-oracle.ts";
import { assignWeights, type WeightSpec } from "./distill-weights.ts";

interface Inputs {
  readonly student: readonly TensorSpec[];
  readonly teacher: readonly TensorSpec[];
  readonly random: readonly TensorSpec[];
  readonly weights: readonly (readonly WeightSpec[])[];
}
interface Params {
  readonly alpha: number;
  readonly lambda: number;
}

const folder = oracleFolder("distill");
const agreement = new Agreement();

function levelErrors({ inputs, params, expected }: OracleCase<Inputs, Params>, level: number): { readonly value: number; readonly errors: string[] } {
  const [result] = tf.tidy(() => {
    const set = parameterSet(0);
    const [from, to] = [inputs.student, inputs.teacher].map((maps) => shapeOf(maps[level])[1]);
    const align = from === to ? undefined : levelAdapters(set, { kind: "conv1x1", name: () => "align", from, to, levels: 1 })[0];
    const generate = generator(set, "", to);
    assignWeights(set.all, inputs.weights[level]);
    const [student, teacher] = [inputs.student, inputs.teacher].map((maps) => mapOf(maps[level]));
    const kept = keptCells(fill(inputs.random[level]), params.lambda);
    const aligned = (map: tf.Tensor4D) => align?.(map) ?? map;
    const { value, errors } = compareLevel({
      level, weight: params.alpha, shown: params.alpha, student, parameters: set.all, ...expected,
      term: (map) => mgdTerm(aligned(map), teacher, { kept, generate }),
    }, agreement);
    const masked = hideCells(aligned(student), kept);
    const [batch, height, width] = masked.shape;
    const shown: Readonly<Record<string, tf.Tensor>> = { masked: toNchw(masked), generated: toNchw(generate(masked)), kept: tf.tensor4d(kept, [batch, 1, height, width]) };
    for (const [name, tensor] of Object.entries(shown)) errors.push(...summaryErrors(`${name}.${level}`, tensor, expected.intermediates[`${name}.${level}`] as Summary, agreement));
    set.dispose();
    return [{ value, errors }];
  });
  return result;
}

describe.skipIf(folder === undefined)("MGD agrees with the oracle", () => {
  beforeAll(async () => void (await loadBackend()));
  afterAll(() => console.log(`mgd.json, worst relative errors: ${agreement.toString()}`));
  const { cases } = folder === undefined ? { cases: [] } : readOracle<Inputs, Params>(folder, "mgd.json");

  it.each(cases)("$id", (one) => {
    const levels = one.inputs.student.map((_, level) => levelErrors(one, level));
    const total = one.params.alpha * levels.reduce((sum, { value }) => sum + value, 0);
    expect([...levels.flatMap(({ errors }) => errors), lossError("total", total, one.expected.losses.total, agreement)].filter((error) => error !== undefined)).toEqual([]);
  });
});
