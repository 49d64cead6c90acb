import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadBackend } from "../../lib/backend/load.ts";
import { assignMaxIou } from "../../lib/detector/assign/max-iou.ts";
import type { PriorLevel } from "../../lib/detector/assignment.ts";
import { deltaReader } from "../../lib/detector/decode/prediction.ts";
import { joinRois } from "../../lib/detector/roi/extract.ts";
import { selectInstances, type Instances } from "../../lib/distill/gid-instances.ts";
import { featureTerm, poolInstances, relationTerm, responseTerms, type GidSide } from "../../lib/distill/gid-terms.ts";
import { expectClose } from "../close.ts";
import { oracleFolder } from "../shared.ts";
import { Agreement, fill, lossError, mapOf, readOracle, shapeOf, summaryErrors, toNchw, type OracleCase, type Summary, type TensorSpec } from "./distill-oracle.ts";

type Lists = "studentFeatures" | "teacherFeatures" | "studentLogits" | "teacherLogits" | "studentDeltas" | "teacherDeltas";
type Inputs = Readonly<Record<Lists, readonly TensorSpec[]>> & {
  readonly imageSize: { readonly height: number; readonly width: number };
  readonly strides: readonly number[];
  readonly cellAnchors: readonly (readonly number[][])[];
};
interface Params {
  readonly weights: { readonly feature: number; readonly relation: number; readonly cls: number; readonly reg: number; readonly beta: number };
  readonly nms: number;
  readonly preNmsTopk: number;
  readonly postNmsTopk: number;
  readonly minSide: number;
}
type Case = OracleCase<Inputs, Params>;

const folder = oracleFolder("distill");
const agreement = new Agreement();

/** [N, H·W·A, D] as a map [N, H, W, A·D]. */
function rowsAsMap(spec: TensorSpec, features: TensorSpec): tf.Tensor4D {
  const [, , height, width] = shapeOf(features);
  return tf.tensor4d(fill(spec), [shapeOf(spec)[0], height, width, (shapeOf(spec)[1] / (height * width)) * shapeOf(spec)[2]]);
}

function sideOf(inputs: Inputs, side: "student" | "teacher"): GidSide {
  const features = inputs[`${side}Features`];
  const rows = (list: readonly TensorSpec[]) => list.map((spec, l) => rowsAsMap(spec, features[l]));
  return { maps: features.map(mapOf), logits: rows(inputs[`${side}Logits`]), boxes: rows(inputs[`${side}Deltas`]) };
}

/** Detectron2's anchors of the case, offset 0. */
function levelsOf({ studentFeatures, strides, cellAnchors }: Inputs): PriorLevel[] {
  return studentFeatures.map((spec, l) => {
    const [, , height, width] = shapeOf(spec);
    const [stride, cell] = [strides[l], cellAnchors[l]];
    const coordinates = Array.from({ length: height * width }, (_, i) => cell.flatMap((box) => box.map((v, k) => v + stride * (k % 2 === 0 ? i % width : Math.floor(i / width))))).flat();
    return { height, width, strideY: stride, strideX: stride, perCell: cell.length, kind: "box", coordinates: Float32Array.from(coordinates) };
  });
}

/** Rows by level of the anchors matched to the instances, as the student's matcher of the code matches them. */
function matchedRows(levels: readonly PriorLevel[], instances: readonly Instances[]): { rows: number[][]; counts: number[] } {
  const anchors = Float32Array.from(levels.flatMap(({ coordinates }) => [...coordinates]));
  const rows = levels.map((): number[] => []);
  const counts = instances.map(({ boxes }, image) => {
    const assigned = assignMaxIou(anchors, boxes, { positive: 0.5, negative: 0.4, lowQuality: "own" });
    let start = 0;
    for (const [l, { coordinates }] of levels.entries()) {
      const own = assigned.subarray(start, start + coordinates.length / 4);
      start += own.length;
      for (const [prior, object] of own.entries()) if (object >= 0) rows[l].push(image * own.length + prior);
    }
    return assigned.filter((object) => object >= 0).length;
  });
  return { rows, counts };
}

function select({ inputs, params }: Case, student: GidSide, teacher: GidSide, levels: readonly PriorLevel[]): Instances[] {
  const readBoxes = deltaReader(levels, { weights: [1, 1, 1, 1], clamp: "above" });
  const images = student.maps[0].shape[0];
  return selectInstances({ name: "student", ...student, readBoxes }, { name: "teacher", ...teacher, readBoxes }, {
    perCell: levels[0].perCell, sizes: Array.from({ length: images }, () => inputs.imageSize),
    candidates: params.preNmsTopk, nms: params.nms, instances: params.postNmsTopk, minSide: params.minSide,
  });
}

/** The case's weighted losses by the code's names. */
function losses({ inputs, params }: Case, student: GidSide, teacher: GidSide, instances: readonly Instances[], rows: readonly number[][]): Record<string, tf.Scalar> {
  const { weights } = params;
  const [own, wanted] = [student, teacher].map(({ maps }) => poolInstances(maps, instances, { strides: inputs.strides }));
  const response = responseTerms(student, teacher, { rows, perCell: inputs.cellAnchors[0].length, beta: weights.beta });
  const parts = {
    loss_distill_feature: tf.mul<tf.Scalar>(featureTerm(own, wanted), weights.feature),
    loss_distill_relation: tf.mul<tf.Scalar>(relationTerm(own, wanted, { images: joinRois(instances).images, among: "batch" }), weights.relation),
    loss_distill_cls_logits: tf.mul<tf.Scalar>(response.class, weights.cls),
    loss_distill_reg_deltas: tf.mul<tf.Scalar>(response.box, weights.reg),
  };
  return { ...parts, total: tf.addN(Object.values(parts)) };
}

describe.skipIf(folder === undefined)("GID agrees with the oracle", () => {
  beforeAll(async () => void (await loadBackend()));
  afterAll(() => console.log(`gid.json, worst relative errors: ${agreement.toString()}`));
  const { cases } = folder === undefined ? { cases: [] } : readOracle<Inputs, Params>(folder, "gid.json");

  it.each(cases)("$id", (one) => {
    const { inputs, expected } = one;
    const errors: (string | undefined)[] = [];
    tf.tidy(() => {
      const [student, teacher] = [sideOf(inputs, "student"), sideOf(inputs, "teacher")];
      const levels = levelsOf(inputs);
      const instances = select(one, student, teacher, levels);
      const selected = expected.intermediates["selected"] as { boxes: number[][]; scores: number[] }[];
      expect(instances.map(({ scores }) => scores.length)).toEqual(selected.map(({ scores }) => scores.length));
      instances.forEach(({ boxes, scores }, i) => {
        expectClose(boxes, selected[i].boxes.flat(), { relative: 1e-5, absolute: 1e-4 });
        expectClose(scores, selected[i].scores, { relative: 1e-5 });
      });
      expect(levels.map(({ coordinates }) => Array.from(coordinates).reduce((sum, v) => sum + v, 0))).toEqual(expected.intermediates["anchorSums"]);
      const { rows, counts } = matchedRows(levels, instances);
      expect(counts).toEqual(expected.intermediates["positiveAnchors"]);
      for (const side of ["Student", "Teacher"] as const) {
        const pooled = poolInstances((side === "Student" ? student : teacher).maps, instances, { strides: inputs.strides });
        errors.push(...summaryErrors(`pooled${side}`, toNchw(pooled), expected.intermediates[`pooled${side}`] as Summary, agreement));
      }
      const values = losses(one, student, teacher, instances, rows);
      for (const [name, value] of Object.entries(expected.losses)) errors.push(lossError(name, values[name].dataSync()[0], value, agreement));
      const lists = { studentFeatures: student.maps, studentLogits: student.logits, studentDeltas: student.boxes };
      const gradients = tf.grads((...all: tf.Tensor[]) => {
        const part = (k: number) => all.slice(k * levels.length, (k + 1) * levels.length) as tf.Tensor4D[];
        return tf.add(losses(one, { maps: part(0), logits: part(1), boxes: part(2) }, teacher, instances, rows)["total"], tf.mul(0, tf.addN(all.map((x) => tf.sum(x)))));
      })(Object.values(lists).flat());
      Object.keys(lists).forEach((name, k) => levels.forEach((_, l) => {
        const [gradient, summary] = [gradients[k * levels.length + l], expected.gradients[`${name}.${l}`]];
        errors.push(...summaryErrors(`${name}.${l}`, k === 0 ? toNchw(gradient) : tf.reshape(gradient, summary.shape), summary, agreement));
      }));
    });
    expect(errors.filter((error) => error !== undefined)).toEqual([]);
  });
});
