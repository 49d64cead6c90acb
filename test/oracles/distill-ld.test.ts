import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadBackend } from "../../lib/backend/load.ts";
import { ldDivergence, type LdDivergenceOptions } from "../../lib/distill/ld.ts";
import { oracleFolder } from "../shared.ts";
import { Agreement, fill, lossError, readOracle, shapeOf, summaryErrors, type TensorSpec } from "./distill-oracle.ts";

interface Inputs {
  readonly pred: TensorSpec;
  readonly softLabel: TensorSpec;
  readonly weight?: TensorSpec;
}
interface Params {
  readonly temperature: number;
  readonly lossWeight: number;
  readonly avgFactor: number | null;
}

const folder = oracleFolder("distill");
const agreement = new Agreement();

/** What the CrossKD repository (mmdet 3) adds to its averaging factor: float32's epsilon. */
const guard = 2 ** -23;

describe.skipIf(folder === undefined)("LD's divergence agrees with the oracle", () => {
  beforeAll(async () => void (await loadBackend()));
  afterAll(() => console.log(`ld.json, worst relative errors: ${agreement.toString()}`));
  const { cases } = folder === undefined ? { cases: [] } : readOracle<Inputs, Params>(folder, "ld.json");

  it.each(cases)("$id", ({ inputs, params: { temperature, lossWeight, avgFactor }, expected }) => {
    const errors: (string | undefined)[] = [];
    tf.tidy(() => {
      const [pred, soft] = [inputs.pred, inputs.softLabel].map((spec) => tf.tensor2d(fill(spec), shapeOf(spec) as [number, number]));
      const weighted: LdDivergenceOptions = {
        temperature, bins: "mean",
        ...(inputs.weight && { weights: tf.tensor1d(fill(inputs.weight)) }),
      };
      const factor = (added: number) => (avgFactor === null ? {} : { divisor: avgFactor + added });
      const forms: Record<string, (x: tf.Tensor2D) => tf.Scalar> = {
        total: (x) => tf.mul(ldDivergence(x, soft, { ...weighted, ...factor(0) }), lossWeight),
        crossKDmean: (x) => tf.mul(ldDivergence(x, soft, { ...weighted, ...factor(guard) }), lossWeight),
        hinton: (x) => ldDivergence(x, soft, { temperature, bins: "sum" }),
      };
      for (const [name, value] of Object.entries(expected.losses)) errors.push(lossError(name, forms[name](pred).dataSync()[0], value, agreement));
      expect(Object.keys(expected.gradients)).toEqual(["pred"]);
      errors.push(...summaryErrors("pred", tf.grad((x: tf.Tensor) => forms.total(x as tf.Tensor2D))(pred), expected.gradients.pred, agreement));
    });
    expect(errors.filter((error) => error !== undefined)).toEqual([]);
  });
});
