import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadBackend } from "../../lib/backend/load.ts";
import type { Target } from "../../lib/data/batch.ts";
import type { Detector, Prediction } from "../../lib/detector/detector.ts";
import { loadParameters } from "../../lib/detector/load.ts";
import { labelMaps } from "../../lib/distill/label-maps.ts";
import { encodingDistance, labelEnc, type LabelEnc } from "../../lib/distill/labelenc.ts";
import { labelEncodingFunction, type LabelEncodingFunction } from "../../lib/distill/label-encoding.ts";
import { oracleFolder } from "../shared.ts";
import { Agreement, fill, lossError, mapOf, readOracle, shapeOf, summaryErrors, toNchw, type OracleCase, type Summary, type TensorSpec } from "./distill-oracle.ts";

interface Inputs {
  readonly kind: "labelMap" | "network";
  readonly boxes: readonly (readonly (readonly number[])[])[];
  readonly labels: readonly (readonly number[])[];
  /** Height and width. */
  readonly size: readonly [number, number];
  readonly random: readonly number[] | null;
  readonly student?: readonly TensorSpec[];
  readonly encoderWeights?: string;
  readonly adapterWeights?: string;
}
interface Params {
  readonly classes: number;
  readonly step?: 1 | 2;
  readonly pyramid?: "retinanet" | "frcnn" | "fcos";
  readonly outChannels?: number;
  readonly weight?: number;
}
type Case = OracleCase<Inputs, Params>;

const folder = oracleFolder("distill");
const file = folder === undefined ? { cases: [] } : readOracle<Inputs, Params>(folder, "labelenc.json");
const agreement = new Agreement();

function targetsOf({ inputs }: Case): Target[] {
  const [height, width] = inputs.size;
  return inputs.boxes.map((boxes, image) => ({
    image, imageId: image, boxes: Float32Array.from(boxes.flat()), labels: Int32Array.from(inputs.labels[image]), height, width, scaleX: 1, scaleY: 1, flipped: false,
  }));
}

/** min(2u, 1) of the file's numbers, which run over the boxes of all images in order. */
function factorOf({ inputs }: Case): (image: number, box: number) => number {
  const starts = inputs.labels.map((_, image) => inputs.labels.slice(0, image).reduce((sum, labels) => sum + labels.length, 0));
  return (image, box) => (inputs.random === null ? 1 : Math.min(2 * inputs.random[starts[image] + box], 1));
}

function mapOfLabels(one: Case): tf.Tensor {
  const [height, width] = one.inputs.size;
  const classes = Array.from({ length: one.params.classes }, (_, k) => k);
  const values = labelMaps(targetsOf(one), { height, width, classes, factor: factorOf(one), emptyBoxes: "official" });
  return toNchw(tf.tensor(values, [one.inputs.boxes.length, height, width, classes.length]));
}

function mapErrors(one: Case): (string | undefined)[] {
  return tf.tidy(() => {
    const map = mapOfLabels(one);
    const expected = one.expected.intermediates as { readonly labelMap: Summary; readonly nonZeroPerImageAndClass?: readonly (readonly number[])[]; readonly rowThroughFirstBoxCentre?: readonly number[] };
    const errors: (string | undefined)[] = Number.isFinite(Number(expected.labelMap.sum)) ? summaryErrors("labelMap", map, expected.labelMap, agreement) : nanErrors(map, expected.labelMap);
    const counts = tf.sum(tf.cast(tf.notEqual(map, 0), "int32"), [2, 3]).arraySync();
    if (expected.nonZeroPerImageAndClass !== undefined && JSON.stringify(counts) !== JSON.stringify(expected.nonZeroPerImageAndClass)) errors.push(`pixels that are not 0: ${JSON.stringify(counts)} instead of ${JSON.stringify(expected.nonZeroPerImageAndClass)}`);
    const image = one.inputs.boxes.findIndex((boxes) => boxes.length > 0);
    expected.rowThroughFirstBoxCentre?.forEach((truth, x) => {
      const [, top, , bottom] = one.inputs.boxes[image][0];
      const row = Math.trunc((top + bottom) / 2);
      const [actual] = tf.slice(map, [image, one.inputs.labels[image][0], row, x], [1, 1, 1, 1]).dataSync();
      errors.push(lossError(`row ${row}, column ${x}`, actual, { f64: truth }, agreement));
    });
    return errors;
  });
}

/** Of a map that the official code fills with NaN: which entries are NaN, and the others' values. */
function nanErrors(map: tf.Tensor, { shape, samples }: Summary): (string | undefined)[] {
  if (map.shape.join() !== shape.join()) return [`labelMap: shape [${map.shape.join(", ")}] instead of [${shape.join(", ")}]`];
  return samples.map(([index, truth]) => lossError(`labelMap[${index.join(", ")}]`, tf.slice(map, [...index], index.map(() => 1)).dataSync()[0], { f64: truth }, agreement));
}

/** As the file's notes: RetinaNet takes P6 from C5, FCOS from P5, both with ReLU before P7; Faster R-CNN pools. */
const pyramids = {
  retinanet: { strides: [8, 16, 32, 64, 128], neck: { extraFrom: "c5", extraRelu: true } },
  fcos: { strides: [8, 16, 32, 64, 128], neck: { extraFrom: "p5", extraRelu: true } },
  frcnn: { strides: [4, 8, 16, 32, 64], neck: { extraFrom: "pool", extraRelu: false } },
} as const;

/** A method of the case's step with the file's weights; the test disposes both. */
function methodOf({ params, inputs }: Case): { readonly method: LabelEnc; readonly encoder: LabelEncodingFunction } {
  const { strides, neck } = pyramids[params.pyramid!];
  const student = { name: params.pyramid!, classes: params.classes, channels: params.outChannels!, strides };
  const encoder = labelEncodingFunction({ student, neck });
  loadParameters(encoder, new Map(file.weights![inputs.encoderWeights!].map((spec) => [spec.name, { shape: spec.shape, data: fill(spec) }])), { layout: "pytorch" });
  const method = labelEnc({ step: params.step!, student, encoder, neck, weight: params.weight!, distanceFrom: 0 });
  const adapters = { parameters: () => method.parameters().filter(({ name }) => name.startsWith("adapter.")) };
  loadParameters(adapters, new Map(file.weights![inputs.adapterWeights!].map((spec) => [`adapter.${spec.name}`, { shape: spec.shape, data: fill(spec) }])), { layout: "pytorch" });
  return { method, encoder };
}

/** λ·D of the case: step 2 through the method itself; of step 1, whose random factors are the file's, its parts. */
function distanceOf(one: Case, { method, encoder }: ReturnType<typeof methodOf>, student: readonly tf.Tensor4D[]): tf.Scalar {
  const [height, width] = one.inputs.size;
  const prediction: Prediction = { pyramid: student, logits: [], boxes: [], height, width };
  if (one.params.step === 2) {
    const { value, weight } = method.loss(prediction, {}, { targets: targetsOf(one) } as never, { iteration: 0, detector: {} as Detector })["distill.distance"];
    return tf.mul(value, weight);
  }
  const { pyramid } = encoder.encode(targetsOf(one), { height, width, factor: factorOf(one) });
  return tf.mul(encodingDistance(student.map(method.adapter), pyramid), one.params.weight!);
}

function networkErrors(one: Case): (string | undefined)[] {
  const parts = methodOf(one);
  const student = one.inputs.student!.map((spec) => tf.tidy(() => tf.variable(mapOf(spec))));
  const [height, width] = one.inputs.size;
  const adapters = parts.method.parameters().filter(({ name }) => name.startsWith("adapter."));
  const variables = [...student, ...adapters.map(({ variable }) => variable)];
  const names = [...student.map((_, l) => `student.${l}`), ...adapters.map(({ name }) => name)];
  const errors: (string | undefined)[] = [];
  tf.tidy(() => {
    const { stages, pyramid } = parts.encoder.encode(targetsOf(one), { height, width, factor: factorOf(one) });
    const actual: Record<string, tf.Tensor> = { labelMap: mapOfLabels(one) };
    stages.forEach((map, s) => (actual[`C${s + 2}`] = toNchw(map)));
    pyramid.forEach((map, l) => (actual[`encoding.${l}`] = toNchw(map)));
    for (const [name, expected] of Object.entries(one.expected.intermediates)) errors.push(...(name in actual ? summaryErrors(name, actual[name], expected as Summary, agreement) : [`${name}: not computed`]));
    const { value, grads } = tf.variableGrads(() => distanceOf(one, parts, student), variables);
    const [loss] = value.dataSync();
    for (const [name, expected] of Object.entries(one.expected.losses)) errors.push(lossError(name, loss, expected, agreement));
    for (const [name, expected] of Object.entries(one.expected.gradients)) {
      const at = names.indexOf(name);
      if (at < 0) errors.push(`${name}: no such parameter`);
      else errors.push(...summaryErrors(name, toTorch(grads[variables[at].name], at < student.length), expected, agreement));
    }
  });
  tf.dispose(student);
  parts.method.dispose();
  parts.encoder.dispose();
  return errors;
}

function toTorch(gradient: tf.Tensor, map: boolean): tf.Tensor {
  if (map) return toNchw(gradient);
  return gradient.rank === 4 ? tf.transpose(gradient, [3, 2, 0, 1]) : gradient;
}

describe.skipIf(folder === undefined)("LabelEnc agrees with the oracle", () => {
  beforeAll(async () => void (await loadBackend()));
  afterAll(() => console.log(`labelenc.json, worst relative errors: ${agreement.toString()}`));

  it.each(file.cases)("$id", (one) => {
    const before = tf.memory().numTensors;
    const errors = one.inputs.kind === "labelMap" ? mapErrors(one) : networkErrors(one);
    expect(errors.filter((error) => error !== undefined)).toEqual([]);
    expect(tf.memory().numTensors).toBe(before);
  });

  it("finds every map of a student where the encoder puts one", () => {
    for (const { inputs, params } of file.cases.filter(({ inputs: { kind } }) => kind === "network")) {
      expect(inputs.student!.map((spec) => shapeOf(spec)[1])).toEqual(pyramids[params.pyramid!].strides.map(() => params.outChannels));
    }
  });
});
