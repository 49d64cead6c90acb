import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadBackend } from "../../lib/backend/load.ts";
import { hintLosses } from "../../lib/distill/fitnets.ts";
import { parameterSet, type Conv, type ParameterSet } from "../../lib/distill/layers.ts";
import { regressor, type RegressorKind } from "../../lib/distill/regressor.ts";
import { oracleFolder } from "../shared.ts";
import { Agreement, lossError, mapOf, readOracle, summaryErrors, toNchw, type Summary, type TensorSpec } from "./distill-oracle.ts";
import { assignWeights, toPytorch, type WeightSpec } from "./distill-weights.ts";

interface Inputs {
  readonly student: readonly TensorSpec[];
  readonly teacher: readonly TensorSpec[];
  readonly weights: readonly (readonly WeightSpec[])[];
}
interface Params {
  readonly kind: RegressorKind;
  readonly relu: boolean;
}

const folder = oracleFolder("distill");
const agreement = new Agreement();

/** One regressor per level with the case's weights. */
function regressorsOf(set: ParameterSet, { weights }: Inputs, { kind, relu }: Params, [student, teacher]: readonly (readonly tf.Tensor4D[])[]): Conv[] {
  const size = ({ shape: [, height, width] }: tf.Tensor4D) => ({ height, width });
  const made = student.map((map, l) => regressor(set, `level${l}`, { kind, relu, from: map.shape[3], to: teacher[l].shape[3], student: size(map), teacher: size(teacher[l]) }));
  assignWeights(trained(set), weights.flatMap((list, l) => list.map((spec) => ({ ...spec, name: `level${l}.${spec.name}` }))));
  return made;
}

const trained = (set: ParameterSet) => set.all.filter(({ frozen }) => !frozen);

/** BatchNorm takes any bias before it away: what single precision leaves of the gradient is measured by that of the bias behind it. */
function vanishing(name: string, gradient: tf.Tensor, behind: Summary): string[] {
  const size = Math.max(...gradient.dataSync().map(Math.abs));
  return size <= 1e-6 * Math.sqrt(behind.sumSq) ? [] : [`${name}: ${size} instead of 0`];
}

describe.skipIf(folder === undefined)("FitNets' hints agree with the oracle", () => {
  beforeAll(async () => void (await loadBackend()));
  afterAll(() => console.log(`fitnets.json, worst relative errors: ${agreement.toString()}`));
  const { cases } = folder === undefined ? { cases: [] } : readOracle<Inputs, Params>(folder, "fitnets.json");

  it.each(cases)("$id", ({ inputs, params, expected }) => {
    const set = parameterSet(0);
    const errors: (string | undefined)[] = [];
    tf.tidy(() => {
      const student = inputs.student.map((spec) => tf.variable(mapOf(spec)));
      const teacher = inputs.teacher.map(mapOf);
      const regress = regressorsOf(set, inputs, params, [student, teacher]);
      const run = () => student.map((map, l) => regress[l](map));
      run().forEach((map, l) => errors.push(...summaryErrors(`regressed.${l}`, toNchw(map), expected.intermediates[`regressed.${l}`] as Summary, agreement)));
      const losses = hintLosses(run(), teacher);
      losses.forEach((loss, l) => errors.push(lossError(`level${l}`, loss.dataSync()[0], expected.losses[`level${l}`], agreement)));
      errors.push(lossError("total", tf.addN(losses).dataSync()[0], expected.losses["total"], agreement));
      const variables = [...student, ...trained(set).map(({ variable }) => variable)];
      const { grads } = tf.variableGrads(() => tf.addN(hintLosses(run(), teacher)), variables);
      for (const [name, summary] of Object.entries(expected.gradients)) {
        const [side, level] = name.split(".");
        const map = side === "student";
        const variable = map ? student[Number(level)] : set.all.find((one) => one.name === name)!.variable;
        const gradient = map ? toNchw(grads[variable.name]) : toPytorch(grads[variable.name]);
        const isVanishing = params.kind === "convReg" && name.endsWith(".conv.bias");
        errors.push(...(isVanishing ? vanishing(name, gradient, expected.gradients[name.replace("conv.bias", "bn.bias")]) : summaryErrors(name, gradient, summary, agreement)));
      }
      tf.dispose(student);
    });
    set.dispose();
    expect(errors.filter((error) => error !== undefined)).toEqual([]);
  });
});
