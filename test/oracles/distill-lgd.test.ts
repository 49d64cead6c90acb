import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadBackend } from "../../lib/backend/load.ts";
import type { Target } from "../../lib/data/batch.ts";
import type { Detector, Prediction } from "../../lib/detector/detector.ts";
import type { WeightedTerm } from "../../lib/distill/distiller.ts";
import { jsDistance, type JsDistanceOptions } from "../../lib/distill/js-distance.ts";
import type { Enhanced } from "../../lib/distill/label-teacher.ts";
import { lgd, type LabelGuided } from "../../lib/distill/lgd.ts";
import { readings } from "../../lib/distill/readings.ts";
import { sssd } from "../../lib/distill/sssd.ts";
import { oracleFolder } from "../shared.ts";
import { Agreement, fill, lossError, mapOf, readOracle, summaryErrors, toNchw, type OracleCase, type Summary, type TensorSpec } from "./distill-oracle.ts";

interface Inputs {
  readonly student: Readonly<Record<string, TensorSpec>>;
  readonly probe: Readonly<Record<string, TensorSpec>>;
  readonly boxes: readonly (readonly number[][])[];
  readonly labels: readonly (readonly number[])[];
  readonly imageSize: { readonly height: number; readonly width: number };
  readonly teacherWeights: string;
  readonly adapterWeights: string;
}
interface Params {
  readonly addContextBox: boolean;
  readonly detachAppearanceEmbed: boolean;
  readonly distillOn: boolean;
  readonly lambda: number;
  readonly heads: number;
}
type Case = OracleCase<Inputs, Params>;

const folder = oracleFolder("distill");
const file = folder === undefined ? { cases: [] } : readOracle<Inputs, Params>(folder, "lgd.json");
const agreement = new Agreement();

/** PyTorch's layout of a weight → TensorFlow's, and back for its gradient. */
function toTensorFlow(tensor: tf.Tensor, layout: string): tf.Tensor {
  if (layout === "OIHW") return tf.transpose(tensor, [2, 3, 1, 0]);
  if (layout === "OIL") return tf.transpose(tf.squeeze(tensor, [2]));
  return layout === "OI" ? tf.transpose(tensor) : tf.clone(tensor);
}

function toTorch(tensor: tf.Tensor, shape: readonly number[]): tf.Tensor {
  if (shape.length === 4) return tf.transpose(tensor, [3, 2, 0, 1]);
  return shape.length === 1 ? tf.clone(tensor) : tf.reshape(tf.transpose(tensor), [...shape]);
}

const weights = new Map<string, tf.Tensor>();

/** A weight of the file in TensorFlow's layout, made once. */
function weightOf(key: string, index: number): tf.Tensor {
  const id = `${key}/${index}`;
  const spec = file.weights![key][index];
  const known = weights.get(id) ?? tf.tidy(() => toTensorFlow(tf.tensor(fill(spec), spec.shape), spec.layout));
  weights.set(id, known);
  return known;
}

function loadWeights(method: LabelGuided, { inputs }: Case): void {
  const specs = [inputs.teacherWeights, inputs.adapterWeights].flatMap((key) => file.weights![key].map(({ name }, index) => ({ key, index, name })));
  expect(method.parameters().map(({ name }) => name)).toEqual(specs.map(({ name }) => name));
  method.parameters().forEach(({ variable }, i) => variable.assign(weightOf(specs[i].key, specs[i].index)));
}

function targetsOf({ boxes, labels, imageSize }: Inputs): Target[] {
  return boxes.map((list, image) => ({
    image, imageId: image, boxes: Float32Array.from(list.flat()), labels: Int32Array.from(labels[image]), ...imageSize, scaleX: 1, scaleY: 1, flipped: false,
  }));
}

/** A detector whose loss on K_e is the oracle's probe: Σ over levels of mean(K_e · probe). */
function probing(probes: readonly tf.Tensor4D[]): Detector {
  const predict: Detector["predict"] = (pyramid, size) => ({ pyramid, logits: [], boxes: [], ...size });
  const loss: Detector["loss"] = ({ pyramid }) => ({ probe: tf.addN(pyramid.map((map, level) => tf.mean<tf.Scalar>(tf.mul(map, probes[level])))) });
  return { predict, loss } as unknown as Detector;
}

/** Gradients of one term by student maps and weights, by name; null where none arrives. */
function gradientsOf(method: LabelGuided, term: string, student: readonly tf.Variable[], { inputs, params }: Case, detector: Detector): Record<string, tf.Tensor | null> {
  const prediction = predictionOf(student, inputs);
  const names = [...Object.keys(inputs.student).map((level) => `student.${level}`), ...method.parameters().map(({ name }) => name)];
  const variables = [...student, ...method.parameters().map(({ variable }) => variable)];
  const context = { iteration: params.distillOn ? 5 : 4, detector };
  const { value, grads } = tf.variableGrads(() => (method.loss(prediction, {}, { targets: targetsOf(inputs) } as never, context) as Record<string, WeightedTerm>)[term].value, variables);
  value.dispose();
  return Object.fromEntries(names.map((name, i) => [name, (grads[variables[i].name] as tf.Tensor | undefined) ?? null]));
}

function predictionOf(student: readonly tf.Tensor[], { imageSize }: Inputs): Prediction {
  return { pyramid: student as unknown as tf.Tensor4D[], logits: [], boxes: [], ...imageSize };
}

const methods = new Map<string, LabelGuided>();

/** The method with the file's weights; cases of the same options share it. */
function methodOf(name: "lgd" | "sssd", one: Case): LabelGuided {
  const { addContextBox, detachAppearanceEmbed, lambda, heads } = one.params;
  const options = { channels: 256, classes: 80, heads, addContextBox, detachAppearanceEmbed, weight: lambda, distillFrom: 5 };
  const key = JSON.stringify([name, options, one.inputs.teacherWeights, one.inputs.adapterWeights]);
  const known = methods.get(key);
  if (known !== undefined) return known;
  const made = name === "lgd" ? lgd(options) : sssd({ ...options, distance: { kind: "js", ...sssdGradient } });
  loadWeights(made, one);
  methods.set(key, made);
  return made;
}

/** Intermediates by the oracle's names, padding taken away. */
function intermediates(stages: Enhanced, one: Case): Record<string, tf.Tensor> {
  const { counts, rows } = stages.objects;
  const used = counts.flatMap((count, image) => Array.from({ length: count }, (_, i) => image * rows + i));
  const take = (tensor: tf.Tensor) => tf.gather(tensor, tf.tensor1d(used, "int32"));
  const level = (tensor: tf.Tensor4D, l: number) => take(tf.reshape(tf.gather(tensor, [l]), [-1, tensor.shape[3]]));
  const out: Record<string, tf.Tensor> = {
    labelCode: take(stages.code),
    labelEmbedding: take(stages.labels),
    tnetDescriptor: take(stages.descriptorTransform),
    tnetFeature: take(stages.featureTransform),
  };
  counts.forEach((count, image) => (out[`descriptor.image${image}`] = tf.slice(stages.descriptors, [image * rows, 0], [count, -1])));
  Object.keys(one.inputs.student).forEach((name, l) => {
    out[`appearanceEmbedding.${name}`] = level(stages.appearance, l);
    out[`attention.${name}`] = level(stages.attention, l);
    out[`mapped.${name}`] = toNchw(stages.mapped[l]);
    out[`Ke.${name}`] = toNchw(stages.maps[l]);
  });
  return out;
}

/** [level][image][row] → the cells inside each box, in the oracle's form. */
function maskCells({ objects }: Enhanced): number[][][][] {
  return objects.inside.map((mask) => {
    const cells = mask.length / (objects.images * objects.rows);
    return objects.counts.map((count, image) =>
      Array.from({ length: count }, (_, row) => {
        const start = (image * objects.rows + row) * cells;
        return [...mask.subarray(start, start + cells).keys()].filter((cell) => mask[start + cell] === 1);
      }),
    );
  });
}

/**
 * PyTorch's InstanceNorm backward pass (2.13, CPU) is wrong for a batch of one image when the gradient reaches it in
 * permuted memory order, as it does behind a channel softmax: on a random 1×8×3×4 map it gives 0.0114 where central
 * differences and the same graph in plain memory order give −22.8855; for two images all three agree. The file's
 * "sssd.*" gradients of one-image cases carry that error, so those are held against central differences instead.
 */
function spoiltByPyTorch(name: string, { inputs }: Case): boolean {
  return name.startsWith("sssd.") && inputs.boxes.length === 1;
}

const sssdGradient: JsDistanceOptions = { distribution: "channel", reduction: "elementMeanInsideSqrt", logBase: 2 };

describe.skipIf(folder === undefined)("LGD agrees with the oracle", () => {
  beforeAll(async () => void (await loadBackend()));
  afterAll(() => {
    methods.forEach((method) => method.dispose());
    tf.dispose([...weights.values()]);
    console.log(`lgd.json, worst relative errors: ${agreement.toString()}`);
  });

  it.each(file.cases)("$id: stages", (one) => {
    const method = methodOf("lgd", one);
    const errors = tf.tidy(() => {
      const stages = method.teacher.enhance(Object.values(one.inputs.student).map(mapOf), targetsOf(one.inputs), one.inputs.imageSize);
      const actual = intermediates(stages, one);
      const cells = maskCells(stages);
      return Object.entries(one.expected.intermediates).flatMap(([name, expected]) => {
        if (name === "instanceMaskCounts") return compareJson(name, cells.map((level) => level.map((image) => image.map((row) => row.length))), expected);
        if (name === "instanceMaskCells") return compareJson(name, cells.map((level) => level.map((image) => image.map((row) => (row.length > 60 ? null : row)))), expected);
        return name in actual ? summaryErrors(name, actual[name], expected as Summary, agreement) : [`${name}: not computed`];
      });
    });
    expect(errors).toEqual([]);
  });

  it.each(file.cases)("$id: losses", (one) => {
    const method = methodOf("lgd", one);
    const errors = tf.tidy(() => {
      const student = predictionOf(Object.values(one.inputs.student).map(mapOf), one.inputs);
      const probes = Object.values(one.inputs.probe).map(mapOf);
      const terms = method.loss(student, {}, { targets: targetsOf(one.inputs) } as never, { iteration: 5, detector: probing(probes) }) as Record<string, WeightedTerm>;
      const maps = method.normalised(student, { targets: targetsOf(one.inputs) });
      const actual: Record<string, number> = { probe: terms["teacher.probe"].value.dataSync()[0], distill: terms.distill.value.dataSync()[0] };
      for (const [name, value] of Object.entries(readings(maps.student, maps.enhanced))) actual[`sssd.${name}`] = value;
      return Object.entries(one.expected.losses).map(([name, expected]) => lossError(name, actual[name], expected, agreement));
    });
    expect(errors.filter((error) => error !== undefined)).toEqual([]);
  });

  it.each(file.cases)("$id: gradients", (one) => {
    const student = Object.values(one.inputs.student).map((spec) => tf.tidy(() => tf.variable(mapOf(spec))));
    const probes = Object.values(one.inputs.probe).map(mapOf);
    const errors: string[] = [];
    for (const [kind, name, term] of [["probe", "lgd", "teacher.probe"], ["distill", "lgd", "distill"], ["sssd", "sssd", "distill"]] as const) {
      const method = methodOf(name, one);
      const gradients = gradientsOf(method, term, student, one, probing(probes));
      for (const [name, expected] of Object.entries(one.expected.gradients).filter(([name]) => name.startsWith(`${kind}.`))) {
        if (spoiltByPyTorch(name, one) && !expected.none) {
          const own = name.slice(kind.length + 1);
          errors.push(...differenceErrors(own, method, student, one, gradients[own]!));
          continue;
        }
        errors.push(...gradientErrors(name, gradients[name.slice(kind.length + 1)], expected));
      }
      tf.dispose(Object.values(gradients).filter((gradient) => gradient !== null));
      }
    tf.dispose([student, probes]);
    expect(errors).toEqual([]);
  });
});

function gradientErrors(name: string, gradient: tf.Tensor | null | undefined, expected: Summary): string[] {
  if (gradient === undefined) return [`${name}: no such parameter`];
  if (expected.none || gradient === null) return Boolean(expected.none) === (gradient === null) ? [] : [`${name}: ${gradient === null ? "no gradient" : "a gradient where none should be"}`];
  return tf.tidy(() => summaryErrors(name, name.includes(".student.") ? toNchw(gradient) : toTorch(gradient, expected.shape), expected, agreement));
}

/** Central differences of the distillation term along the gradient itself: their slope must be its norm, within 1 %. */
function differenceErrors(name: string, method: LabelGuided, student: readonly tf.Variable[], one: Case, gradient: tf.Tensor): string[] {
  return tf.tidy(() => {
    const levels = Object.keys(one.inputs.student).map((level) => `student.${level}`);
    const variable = levels.includes(name) ? student[levels.indexOf(name)] : method.parameters().find((parameter) => parameter.name === name)!.variable;
    // K_e is a constant of the term, so it is taken from the unmoved maps.
    const { enhanced } = method.normalised(predictionOf(student, one.inputs), { targets: targetsOf(one.inputs) });
    const value = () => jsDistance(method.normalised(predictionOf(student, one.inputs), { targets: targetsOf(one.inputs) }).student, enhanced, sssdGradient).dataSync()[0];
    const norm = tf.norm(gradient).dataSync()[0];
    const direction = tf.div(gradient, norm);
    const start = tf.clone(variable);
    const at = (h: number) => (variable.assign(tf.add(start, tf.mul(direction, h))), value());
    const central = (change: number) => ((at(change / norm) - at(-change / norm)) * norm) / (2 * change);
    // Two steps that move the loss by 2e-5 and 4e-5 of its 0.03, extrapolated to none.
    const slope = (4 * central(2e-5) - central(4e-5)) / 3;
    variable.assign(start);
    agreement.note("central differences", Math.abs(slope - norm) / norm);
    return Math.abs(slope - norm) <= 0.01 * norm ? [] : [`${name}: central differences give a slope of ${slope}, the gradient a norm of ${norm}`];
  });
}

function compareJson(name: string, actual: unknown, expected: unknown): string[] {
  return JSON.stringify(actual) === JSON.stringify(expected) ? [] : [`${name}: ${JSON.stringify(actual)} instead of ${JSON.stringify(expected)}`];
}
