import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadBackend } from "../../lib/backend/load.ts";
import { levelAdapters } from "../../lib/distill/adapters.ts";
import { frsFeature, frsHead } from "../../lib/distill/frs.ts";
import { parameterSet } from "../../lib/distill/layers.ts";
import { normalisedScores, scoreMask, type MaskArithmetic } from "../../lib/distill/score-mask.ts";
import type { CrossEntropy } from "../../lib/distill/weighted-errors.ts";
import { ramp } from "../../lib/train/schedule.ts";
import { oracleFolder } from "../shared.ts";
import { Agreement, fill, lossError, mapOf, readOracle, shapeOf, summaryErrors, toNchw, type OracleCase, type Summary, type TensorSpec } from "./distill-oracle.ts";

interface Inputs {
  readonly student: readonly TensorSpec[];
  readonly teacher: readonly TensorSpec[];
  readonly studentLogits: readonly TensorSpec[];
  readonly teacherLogits: readonly TensorSpec[];
  readonly adapterWeights: readonly (TensorSpec & { readonly name: string; readonly shape: number[] })[];
}
interface Params {
  readonly detector: string;
  readonly featWeight: number;
  readonly headWeight: number;
  readonly warmSteps: number;
  readonly iteration: number;
}
type Case = OracleCase<Inputs, Params>;

const folder = oracleFolder("distill");
const file = folder === undefined ? { cases: [] } : readOracle<Inputs, Params>(folder, "frs.json");
const agreement = new Agreement();

/** The case's tensors, and both terms of chosen levels as functions of what is differentiated. Disposed by the caller. */
function build({ inputs }: Case) {
  const set = parameterSet(0);
  const channels = (specs: readonly TensorSpec[]) => shapeOf(specs[0])[1];
  const levels = inputs.student.length;
  const adapters = levelAdapters(set, { kind: inputs.adapterWeights[0].shape[2] === 3 ? "conv3x3" : "conv1x1", name: (level) => `conv.${level}`, from: channels(inputs.student), to: channels(inputs.teacher), levels });
  for (const spec of inputs.adapterWeights) {
    const { variable } = set.all.find(({ name }) => name === spec.name)!;
    tf.tidy(() => variable.assign(spec.shape.length === 4 ? tf.transpose(tf.tensor(fill(spec), spec.shape), [2, 3, 1, 0]) : tf.tensor(fill(spec), spec.shape)));
  }
  const maps = Object.fromEntries((["student", "teacher", "studentLogits", "teacherLogits"] as const).map((key) => [key, inputs[key].map(mapOf)]));
  return { set, adapters, ...maps } as { set: typeof set; adapters: typeof adapters } & Record<"student" | "teacher" | "studentLogits" | "teacherLogits", tf.Tensor4D[]>;
}

type Built = ReturnType<typeof build>;

function terms({ adapters, teacher, teacherLogits }: Built, maps: readonly tf.Tensor4D[], logits: readonly tf.Tensor4D[], { levels, arithmetic = "exact", form = "double" }: { levels: readonly number[]; arithmetic?: MaskArithmetic; form?: CrossEntropy }) {
  const weights = levels.map((l) => normalisedScores(teacherLogits[l], { arithmetic }));
  const feature = frsFeature(levels.map((l) => adapters[l](maps[l])), { maps: levels.map((l) => teacher[l]), weights });
  const head = frsHead(levels.map((l) => logits[l]), { probabilities: levels.map((l) => tf.sigmoid(teacherLogits[l])), weights }, form);
  return { feature, head };
}

const valueOf = (compute: () => { readonly feature: tf.Scalar; readonly head: tf.Scalar }) => {
  const both = { feature: NaN, head: NaN };
  tf.tidy(() => {
    const { feature, head } = compute();
    [both.feature, both.head] = [feature.dataSync()[0], head.dataSync()[0]];
  });
  return both;
};

function lossErrors(one: Case, built: Built): (string | undefined)[] {
  const { params, expected } = one;
  const all = built.student.map((_, l) => l);
  const at = (levels: readonly number[]) => valueOf(() => terms(built, built.student, built.studentLogits, { levels }));
  const rise = ramp(params.warmSteps)(params.iteration);
  const whole = at(all);
  const [feature, head] = [rise * params.featWeight * whole.feature, rise * params.headWeight * whole.head];
  const actual: Record<string, number> = { feature, head, total: feature + head };
  for (const l of all) {
    const own = at([l]);
    actual[`perLevel.${l}.feature`] = own.feature;
    actual[`perLevel.${l}.head`] = own.head;
  }
  return Object.entries(expected.losses).map(([name, value]) => lossError(name, actual[name], value, agreement));
}

function gradientErrors({ params, expected }: Case, built: Built): string[] {
  const { student, studentLogits, set } = built;
  const n = student.length;
  const rise = ramp(params.warmSteps)(params.iteration);
  const variables = set.all.map(({ variable }) => variable);
  const run = (inputs: tf.Tensor[]) => {
    const { feature, head } = terms(built, inputs.slice(0, n) as tf.Tensor4D[], inputs.slice(n, 2 * n) as tf.Tensor4D[], { levels: student.map((_, l) => l) });
    return tf.add<tf.Scalar>(tf.mul(feature, rise * params.featWeight), tf.mul(head, rise * params.headWeight));
  };
  const gradients = tf.tidy(() => {
    const maps = tf.grads((...inputs: tf.Tensor[]) => run(inputs))([...student, ...studentLogits]).map(toNchw);
    const { grads } = tf.variableGrads(() => run([...student, ...studentLogits]), variables);
    const weights = set.all.map(({ variable }) => { const g = grads[variable.name]; return g.rank === 4 ? tf.transpose(g, [3, 2, 0, 1]) : g; });
    return [...maps, ...weights];
  });
  const names = [...student.map((_, l) => `student.${l}`), ...student.map((_, l) => `studentLogits.${l}`), ...set.all.map(({ name }) => `adapter.${name}`)];
  const errors = Object.entries(expected.gradients).flatMap(([name, summary]) => {
    const at = names.indexOf(name);
    return at < 0 ? [`${name}: not computed`] : summaryErrors(name, gradients[at], summary, agreement);
  });
  tf.dispose(gradients);
  return errors;
}

function maskErrors({ expected }: Case, { teacherLogits }: Built): string[] {
  return Object.entries(expected.intermediates).flatMap(([name, summary]) => {
    const [kind, level] = name.split(".");
    if (kind !== "scoreMask") return [`${name}: not computed`];
    const mask = scoreMask(teacherLogits[Number(level)]);
    const errors = summaryErrors(name, mask, summary as Summary, agreement);
    mask.dispose();
    return errors;
  });
}

describe.skipIf(folder === undefined)("FRS agrees with the oracle", () => {
  beforeAll(async () => void (await loadBackend()));
  afterAll(() => console.log(`frs.json, worst relative errors: ${agreement.toString()}`));

  it.each(file.cases)("$id: losses, gradients and masks of the exact arithmetic", (one) => {
    const built = build(one);
    const errors = [...lossErrors(one, built), ...gradientErrors(one, built), ...maskErrors(one, built)];
    tf.dispose([built.student, built.teacher, built.studentLogits, built.teacherLogits]);
    built.set.dispose();
    expect(errors.filter((error) => error !== undefined)).toEqual([]);
  });

  it.each(file.cases)("$id: the code's own single precision, where it is NaN too", (one) => {
    const built = build(one);
    const levels = built.student.map((_, l) => l);
    const code = valueOf(() => terms(built, built.student, built.studentLogits, { levels, arithmetic: "single", form: "single" }));
    const { params: { warmSteps, iteration, featWeight, headWeight }, expected: { losses } } = one;
    const rise = ramp(warmSteps)(iteration);
    for (const [name, actual] of [["feature", rise * featWeight * code.feature], ["head", rise * headWeight * code.head]] as const) {
      const wanted = Number(losses[name].f32);
      if (Number.isNaN(wanted)) expect(actual, name).toBeNaN();
      else expect(Math.abs(actual - wanted), name).toBeLessThanOrEqual(2e-5 * Math.abs(wanted));
    }
    tf.dispose([built.student, built.teacher, built.studentLogits, built.teacherLogits]);
    built.set.dispose();
  });
});
