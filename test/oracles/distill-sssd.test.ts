import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadBackend } from "../../lib/backend/load.ts";
import { divergenceStatistics } from "../../lib/distill/readings.ts";
import { jsDistance, klDivergence, meanSquaredError, type Distribution, type JsDistanceOptions, type KlOptions, type MseOptions } from "../../lib/distill/js-distance.ts";
import { oracleFolder } from "../shared.ts";
import { Agreement, lossError, mapOf, readOracle, summaryErrors, toNchw, type TensorSpec } from "./distill-oracle.ts";

interface Inputs {
  readonly student: readonly TensorSpec[];
  readonly labelEnhanced: readonly TensorSpec[];
}
type Loss = (student: tf.Tensor4D[], enhanced: tf.Tensor4D[]) => tf.Scalar;

const folder = oracleFolder("distill");
const agreement = new Agreement();

/** `channel.meanOfDistances.pooled.base2`, `kl.spatial.literal`, `mse.literal`… → the loss of that name. */
export function lossNamed(name: string, temperature: number): Loss {
  const parts = name.split(".");
  if (parts[0] === "mse") return (a, b) => meanSquaredError(a, b, { reduction: { literal: "literal", elementMeanConcatenated: "elementMean" }[parts[1]] as MseOptions["reduction"] });
  if (parts[0] === "kl") return (a, b) => klDivergence(a, b, { distribution: parts[1] as Distribution, reduction: parts[2] as KlOptions["reduction"], temperature });
  const options: JsDistanceOptions = {
    distribution: parts[0] as Distribution,
    reduction: parts[1] as JsDistanceOptions["reduction"],
    level: parts.includes("levelSum") ? "sum" : "mean",
    pooling: parts.includes("levelMean") ? "levelMean" : "pooled",
    logBase: parts.at(-1) === "basee" ? "e" : 2,
    temperature,
  };
  return (a, b) => jsDistance(a, b, options);
}

describe.skipIf(folder === undefined)("SSSD's losses agree with the oracle", () => {
  beforeAll(async () => void (await loadBackend()));
  afterAll(() => console.log(`sssd.json, worst relative errors: ${agreement.toString()}`));
  const { cases } = folder === undefined ? { cases: [] } : readOracle<Inputs, { temperature: number }>(folder, "sssd.json");

  it.each(cases)("$id", ({ inputs, params, expected }) => {
    const student = inputs.student.map(mapOf);
    const enhanced = inputs.labelEnhanced.map(mapOf);
    const errors: (string | undefined)[] = [];
    for (const [name, value] of Object.entries(expected.losses)) {
      const actual = tf.tidy(() => lossNamed(name, params.temperature)(student, enhanced).dataSync()[0]);
      errors.push(lossError(name, actual, value, agreement));
    }
    // "channel.literal.student.0", "channel.kl.literal.student.0": base 2, temperature of the case.
    const names = Object.keys(expected.gradients);
    for (const loss of new Set(names.map((name) => name.slice(0, name.indexOf(".student."))))) {
      const [distribution, ...rest] = loss.split(".");
      const run = lossNamed(rest[0] === "kl" ? `kl.${distribution}.${rest[1]}` : `${loss}.base2`, params.temperature);
      const gradients = tf.tidy(() => tf.grads((...maps: tf.Tensor[]) => run(maps as tf.Tensor4D[], enhanced))(student).map(toNchw));
      for (const name of names.filter((one) => one.startsWith(`${loss}.student.`))) errors.push(...summaryErrors(name, gradients[Number(name.split(".").at(-1))], expected.gradients[name], agreement));
      tf.dispose(gradients);
    }
    for (const [name, value] of Object.entries(expected.intermediates)) {
      const [distribution, level] = name.split(".") as [Distribution, string];
      const actual = divergenceStatistics(student, enhanced, { distribution, temperature: params.temperature })[Number(level.slice(5))];
      for (const [key, truth] of Object.entries(value as Record<string, number>)) {
        errors.push(lossError(`${name}.${key}`, (actual as unknown as Record<string, number>)[key], { f64: truth }, agreement));
      }
    }
    tf.dispose([student, enhanced]);
    expect(errors.filter((error) => error !== undefined)).toEqual([]);
  });
});
