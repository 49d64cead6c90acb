import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadBackend } from "../../lib/backend/load.ts";
import { kdQualityFocal } from "../../lib/distill/crosskd.ts";
import { oracleFolder } from "../shared.ts";
import { Agreement, fill, lossError, readOracle, shapeOf, summaryErrors, type TensorSpec } from "./distill-oracle.ts";

interface Inputs {
  readonly pred: TensorSpec;
  readonly target: TensorSpec;
  readonly weight?: TensorSpec;
}
interface Params {
  readonly beta: number;
  readonly lossWeight: number;
  readonly avgFactor: number | null;
}

const folder = oracleFolder("distill");
const agreement = new Agreement();

describe.skipIf(folder === undefined)("CrossKD's class term agrees with the oracle", () => {
  beforeAll(async () => void (await loadBackend()));
  afterAll(() => console.log(`crosskd.json, worst relative errors: ${agreement.toString()}`));
  const { cases } = folder === undefined ? { cases: [] } : readOracle<Inputs, Params>(folder, "crosskd.json");

  it.each(cases)("$id", ({ inputs, params: { beta, lossWeight, avgFactor }, expected }) => {
    const errors: (string | undefined)[] = [];
    tf.tidy(() => {
      const [pred, target] = [inputs.pred, inputs.target].map((spec) => tf.tensor2d(fill(spec), shapeOf(spec) as [number, number]));
      const options = { beta, ...(inputs.weight && { weights: tf.tensor1d(fill(inputs.weight)) }), ...(avgFactor !== null && { divisor: avgFactor }) };
      const loss = (x: tf.Tensor) => tf.mul<tf.Scalar>(kdQualityFocal(x as tf.Tensor2D, tf.sigmoid(target), options), lossWeight);
      expect([Object.keys(expected.losses), Object.keys(expected.gradients)]).toEqual([["total"], ["pred"]]);
      errors.push(lossError("total", loss(pred).dataSync()[0], expected.losses.total, agreement));
      errors.push(...summaryErrors("pred", tf.grad(loss)(pred), expected.gradients.pred, agreement));
    });
    expect(errors.filter((error) => error !== undefined)).toEqual([]);
  });
});
