import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadBackend } from "../../lib/backend/load.ts";
import type { AlignOptions } from "../../lib/distill/align.ts";
import { crossLoss } from "../../lib/distill/shared-kd.ts";
import { intraLoss } from "../../lib/distill/tf-fd.ts";
import { oracleFolder } from "../shared.ts";
import { Agreement, lossError, mapOf, readOracle, shapeOf, summaryErrors, toNchw, type TensorSpec } from "./distill-oracle.ts";

const folder = oracleFolder("distill");
const agreement = new Agreement();
const { cases } = folder === undefined ? { cases: [] } : readOracle<{ readonly maps: readonly TensorSpec[] }, object>(folder, "tf-fd.json");

/** `interSum`, `intraSum`, `inter.12` (shallow 1, deep 2), `intra.1`. */
function lossNamed(name: string, maps: readonly tf.Tensor4D[], target: AlignOptions["target"]): tf.Scalar {
  const [kind, levels] = name.split(".");
  const chosen = levels === undefined ? maps : [...levels].map((level) => maps[Number(level) - 1]);
  return kind.startsWith("inter") ? crossLoss(chosen, { target }) : tf.addN(chosen.map((map) => intraLoss(map)));
}

function gradientErrors(loss: string, specs: readonly TensorSpec[], target: AlignOptions["target"], expected: (typeof cases)[number]["expected"]["gradients"]): string[] {
  const variables = specs.map((spec) => tf.tidy(() => tf.variable(mapOf(spec))));
  const { value, grads } = tf.variableGrads(() => lossNamed(loss, variables, target), variables);
  const errors = tf.tidy(() => Object.entries(expected).filter(([name]) => name.startsWith(`${loss}.map`)).flatMap(([name, summary]) => {
    const gradient = (grads as Record<string, tf.Tensor | null>)[variables[Number(name.slice(loss.length + 4)) - 1].name] ?? null;
    if (summary.none || gradient === null) return Boolean(summary.none) === (gradient === null) ? [] : [`${name}: ${gradient === null ? "no gradient" : "a gradient where none should be"}`];
    return summaryErrors(name, toNchw(gradient), summary, agreement);
  }));
  tf.dispose([variables, value, ...Object.values(grads)]);
  return errors;
}

describe.skipIf(folder === undefined)("Tf-FD's operators, the anchor of Shared-KD, agree with the oracle", () => {
  beforeAll(async () => void (await loadBackend()));
  afterAll(() => console.log(`tf-fd.json, worst relative errors: ${agreement.toString()}`));

  const square = ({ inputs }: (typeof cases)[number]) => inputs.maps.every((spec) => shapeOf(spec)[2] === shapeOf(spec)[3]);
  // The published pooling to squares and ours agree on square maps; on others the file holds ours.
  const runs = cases.flatMap((one) => (square(one) ? ["map", "square"] as const : ["map"] as const).map((target) => ({ ...one, target })));

  it.each(runs)("$id, pooled to a $target", ({ inputs, expected, target }) => {
    const maps = inputs.maps.map(mapOf);
    const errors = Object.entries(expected.losses).map(([name, value]) => lossError(name, tf.tidy(() => lossNamed(name, maps, target).dataSync()[0]), value, agreement));
    tf.dispose(maps);
    const sums = new Set(Object.keys(expected.gradients).map((name) => name.slice(0, name.lastIndexOf(".map"))));
    const slopes = [...sums].flatMap((name) => gradientErrors(name, inputs.maps, target, expected.gradients));
    expect([...errors.filter((error) => error !== undefined), ...slopes]).toEqual([]);
  });
});
