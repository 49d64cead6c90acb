import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadBackend } from "../../lib/backend/load.ts";
import type { Target } from "../../lib/data/batch.ts";
import { levelAdapters } from "../../lib/distill/adapters.ts";
import { channelAttention, spatialAttention } from "../../lib/distill/attention.ts";
import { boxMasks } from "../../lib/distill/box-masks.ts";
import { fgdBlocks, fgdHints, fgdTerms, type FgdHints, type FgdTerms } from "../../lib/distill/fgd.ts";
import { parameterSet } from "../../lib/distill/layers.ts";
import { oracleFolder } from "../shared.ts";
import { Agreement, lossError, mapOf, readOracle, shapeOf, summaryErrors, toNchw, type OracleCase, type Summary, type TensorSpec } from "./distill-oracle.ts";
import { assignWeights, toPytorch, type WeightSpec } from "./distill-weights.ts";

interface Inputs {
  readonly student: readonly TensorSpec[];
  readonly teacher: readonly TensorSpec[];
  readonly boxes: readonly (readonly number[])[][];
  /** [height, width] of each image's content. */
  readonly imgShape: readonly (readonly [number, number])[];
  readonly weights: readonly (readonly WeightSpec[])[];
}
interface Params {
  readonly temp: number;
  readonly alpha_fgd: number;
  readonly beta_fgd: number;
  readonly gamma_fgd: number;
  readonly lambda_fgd: number;
}

const folder = oracleFolder("distill");
const agreement = new Agreement();
/** The authors' code in both of its ways with boxes; the size of the batch image does not enter. */
const asCode = { scaleBy: "content", area: "whole", imageHeight: NaN, imageWidth: NaN } as const;

function targetsOf({ boxes, imgShape }: Inputs): Target[] {
  return boxes.map((list, image) => ({
    image, imageId: image, boxes: Float32Array.from(list.flat()), labels: new Int32Array(list.length),
    height: imgShape[image][0], width: imgShape[image][1], scaleX: 1, scaleY: 1, flipped: false,
  }));
}

/** Everything of one level: the modules with the oracle's weights, the teacher's side, the student's map. */
function levelOf(inputs: Inputs, level: number, temperature: number) {
  const set = parameterSet(0);
  const [from, to] = [inputs.student, inputs.teacher].map((maps) => shapeOf(maps[level])[1]);
  const align = from === to ? undefined : levelAdapters(set, { kind: "conv1x1", name: () => "align", from, to, levels: 1 })[0];
  const blocks = fgdBlocks(set, "", to);
  assignWeights(set.all, inputs.weights[level]);
  const hints: FgdHints = fgdHints(mapOf(inputs.teacher[level]), targetsOf(inputs), { ...asCode, temperature });
  return {
    set, hints, map: mapOf(inputs.student[level]),
    aligned: (map: tf.Tensor4D) => align?.(map) ?? map,
    terms: (map: tf.Tensor4D): FgdTerms => fgdTerms(align?.(map) ?? map, hints, { temperature, blocks }),
  };
}

function intermediateErrors(inputs: Inputs, level: number, temperature: number, expected: Readonly<Record<string, unknown>>): string[] {
  return tf.tidy(() => {
    const { aligned, map, hints, set } = levelOf(inputs, level, temperature);
    const [, height, width] = map.shape;
    const masks = boxMasks(targetsOf(inputs), { ...asCode, height, width });
    const shape: [number, number, number] = [map.shape[0], height, width];
    const actual: Readonly<Record<string, () => tf.Tensor>> = {
      maskForeground: () => tf.tensor3d(masks.foreground, shape),
      maskBackground: () => tf.tensor3d(masks.background, shape),
      spatialAttentionTeacher: () => hints.spatial,
      channelAttentionTeacher: () => hints.channel,
      spatialAttentionStudent: () => spatialAttention(aligned(map), temperature),
      channelAttentionStudent: () => channelAttention(aligned(map), temperature),
    };
    const own = Object.keys(expected).filter((name) => name.endsWith(`.${level}`));
    const errors = own.flatMap((name) => summaryErrors(name, actual[name.slice(0, name.lastIndexOf("."))](), expected[name] as Summary, agreement));
    set.dispose();
    return [errors];
  })[0];
}

function errorsOf({ inputs, params, expected }: OracleCase<Inputs, Params>): string[] {
  const weights = [params.alpha_fgd, params.beta_fgd, params.gamma_fgd, params.lambda_fgd];
  const names = ["foreground", "background", "attention", "relation"] as const;
  const errors: (string | undefined)[] = [];
  let total = 0;
  inputs.student.forEach((_, level) => {
    errors.push(...intermediateErrors(inputs, level, params.temp, expected.intermediates));
    tf.tidy(() => {
      const { terms, map, set } = levelOf(inputs, level, params.temp);
      const values = terms(map);
      names.forEach((name, i) => {
        const [value] = values[name].dataSync();
        total += weights[i] * value;
        errors.push(lossError(`level${level}.${name}`, value, expected.losses[`level${level}.${name}`], agreement));
      });
      const student = tf.variable(map);
      const all = [student, ...set.all.map(({ variable }) => variable)];
      const { grads } = tf.variableGrads(() => {
        const parts = terms(student);
        return tf.addN(names.map((name, i) => tf.mul<tf.Scalar>(parts[name], weights[i])));
      }, all);
      errors.push(...summaryErrors(`student.${level}`, toNchw(grads[student.name]), expected.gradients[`student.${level}`], agreement));
      for (const { name, variable } of set.all) {
        const wanted = expected.gradients[`level${level}.${name}`];
        if (wanted !== undefined) errors.push(...summaryErrors(`level${level}.${name}`, toPytorch(grads[variable.name]), wanted, agreement));
      }
      student.dispose();
      set.dispose();
    });
  });
  errors.push(lossError("total", total, expected.losses.total, agreement));
  return errors.filter((error) => error !== undefined);
}

describe.skipIf(folder === undefined)("FGD agrees with the oracle", () => {
  beforeAll(async () => void (await loadBackend()));
  afterAll(() => console.log(`fgd.json, worst relative errors: ${agreement.toString()}`));
  const { cases } = folder === undefined ? { cases: [] } : readOracle<Inputs, Params>(folder, "fgd.json");

  it.each(cases)("$id", (one) => {
    const before = tf.memory().numTensors;
    expect(errorsOf(one)).toEqual([]);
    expect(tf.memory().numTensors).toBe(before);
  });
});
