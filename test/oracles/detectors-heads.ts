import * as tf from "@tensorflow/tfjs-core";
import { expect } from "vitest";
import type { Target } from "../../lib/data/batch.ts";
import type { Detector, Prediction } from "../../lib/detector/detector.ts";
import { clipBoxes } from "../../lib/tensor/boxes.ts";
import { checkKeys, expectLive, expectRelative, nchw, nhwc, tensorOf, type Expected, type Formula, type OracleCase, type Whole } from "./detectors-oracle.ts";
import { expectDetections, target, type Found, type Size } from "./detectors-whole.ts";

export interface HeadTolerance { readonly losses_rel: number; readonly gradients: number; readonly boxes: number; readonly scores: number }
export type Maps = Readonly<Record<"cls" | "box", Formula[]>> & { readonly centerness?: Formula[] };
type MapName = "cls" | "box" | "centerness";

/** A network that is of no interest, as predictions are given; its pyramid has these strides. */
export function headNetwork(strides: readonly number[]) {
  const first = Math.log2(strides[0]);
  expect(strides, "strides of a pyramid").toEqual(strides.map((_, l) => 2 ** (first + l)));
  const last = Math.min(5, first + strides.length - 1);
  return { backbone: "tiny-4", channels: 4, seed: 0, neck: { first, last, extraLevels: strides.length - 1 - (last - first) } } as const;
}

export function mapsOf(list: readonly Formula[]): tf.Tensor4D[] {
  return list.map((formula) => nhwc(tensorOf(formula)));
}

function predictionOf({ cls, box, centerness }: Maps, [height, width]: Size): Prediction {
  return { pyramid: [], logits: mapsOf(cls), boxes: mapsOf(box), ...(centerness && { extra: { centerness: mapsOf(centerness) } }), height, width };
}

type Slopes = Readonly<Record<MapName, tf.Tensor[]>>;

/** Each loss, and the gradients of their sum with respect to all maps of a prediction of a dense detector. */
function lossGradients(detector: Detector, prediction: Prediction, targets: readonly Target[]): { losses: Record<string, number>; slopes: Slopes } {
  const losses: Record<string, number> = {};
  const levels = prediction.logits.length;
  const centerness = prediction.extra?.centerness ?? [];
  const all = tf.grads((...maps: tf.Tensor[]) => {
    const [logits, boxes, centre] = [0, 1, 2].map((k) => maps.slice(k * levels, (k + 1) * levels) as tf.Tensor4D[]);
    const terms = detector.loss({ ...prediction, logits, boxes, ...(centre.length > 0 && { extra: { centerness: centre } }) }, targets);
    for (const [name, value] of Object.entries(terms)) losses[name] = value.dataSync()[0];
    return Object.values(terms).reduce((a, b) => tf.add(a, b));
  })([...prediction.logits, ...prediction.boxes, ...centerness]);
  return { losses, slopes: { cls: all.slice(0, levels), box: all.slice(levels, 2 * levels), centerness: all.slice(2 * levels) } };
}

function expectLosses(losses: Readonly<Record<string, number>>, expected: Readonly<Record<string, number | number[]>>, { renamed, tolerance }: { renamed: Readonly<Record<string, string>>; tolerance: number }): void {
  expect(Object.keys(losses).sort(), "names of the losses").toEqual(Object.keys(expected).map((name) => renamed[name]).sort());
  for (const [name, value] of Object.entries(expected)) expectRelative(name, losses[renamed[name]], [value].flat().reduce((a, b) => a + b), tolerance);
}

function expectSlopes(slopes: Slopes, expected: Partial<Record<MapName, Expected[]>>, tolerance: number): void {
  for (const [key, list] of Object.entries(expected)) {
    expect(slopes[key as MapName].length, `levels of ${key}`).toBe(list.length);
    for (const [l, wanted] of list.entries()) expectLive(`gradient of ${key} ${l}`, nchw(slopes[key as MapName][l]), wanted, tolerance);
  }
}

export interface MmHeadParams<H, T> { readonly head: H; readonly test: T; readonly image_shapes: Size[]; readonly feature_sizes: Size[] }
export interface MmHeadInputs { readonly predictions: Maps; readonly gt: { boxes: Whole; labels: number[] }[] }
export interface MmHeadExpected { readonly losses: Record<string, number | number[]>; readonly gradients: Partial<Record<MapName, Expected[]>>; readonly detections: Found[] }

/** A dense head of mmdet on given predictions: losses, gradients, detections. Disposes the detector. @param strides what the boxes are read in; default as they are */
export function compareMmdetHead<H, T>(detector: Detector, { params, inputs, expected, tolerance }: OracleCase<MmHeadParams<H, T>, MmHeadInputs, MmHeadExpected>, renamed: Readonly<Record<string, string>>, strides?: readonly number[]): void {
  checkKeys("params", params, ["head", "test", "image_shapes", "feature_sizes"]);
  checkKeys("expected", expected, ["losses", "gradients", "detections"]);
  checkKeys("gradients", expected.gradients, ["cls", "box", ...(inputs.predictions.centerness ? ["centerness"] : [])]);
  const allowed = tolerance as HeadTolerance;
  const targets = inputs.gt.map(({ boxes, labels }, i) => target(boxes.data.map(Number), labels, params.image_shapes[i]));
  tf.tidy(() => {
    const prediction = predictionOf(inputs.predictions, params.image_shapes[0]);
    const { losses, slopes } = lossGradients(detector, prediction, targets);
    expectLosses(losses, expected.losses, { renamed, tolerance: allowed.losses_rel });
    expectSlopes(slopes, expected.gradients, allowed.gradients);
    const read = strides === undefined ? prediction : { ...prediction, boxes: prediction.boxes.map((map, l) => tf.div<tf.Tensor4D>(map, strides[l])) };
    for (const [i, found] of detector.decode(read, targets).entries()) expectDetections(`image ${i}`, found, expected.detections[i], allowed);
  });
  detector.dispose();
}

export interface D2Params { readonly classes: number; readonly feature_sizes: Size[]; readonly strides: number[]; readonly score_thresh: number; readonly nms: number }
export interface D2Inputs { readonly cls: Formula[]; readonly box: Formula[]; readonly centerness: Formula[]; readonly gt: { boxes: Whole; labels: number[] }[] }
export interface D2Expected {
  readonly positives: [number, number][][];
  readonly ignored: number[];
  readonly losses_first: Record<string, number>;
  readonly losses_second: Record<string, number>;
  readonly gradients_first: Expected[][];
  readonly detections: Found[];
}

export interface D2Comparison {
  readonly losses: Readonly<Record<string, string>>;
  /** detectron2's coder applies the ReLU that belongs to our head. */
  readonly relu?: boolean;
}

/** A dense head of detectron2 on given predictions: labels, losses of two calls, gradients, detections. Disposes the detector. */
export function compareDetectron2Head<P extends D2Params>(detector: Detector, { params, inputs, expected, tolerance }: OracleCase<P, D2Inputs, D2Expected>, { losses: renamed, relu = false }: D2Comparison): void {
  checkKeys("expected", expected, ["positives", "ignored", "losses_first", "losses_second", "gradients_first", "detections"]);
  const allowed = tolerance as HeadTolerance;
  const size = params.feature_sizes[0].map((n) => n * params.strides[0]) as [number, number];
  const [height, width] = size;
  const targets = inputs.gt.map(({ boxes, labels }) => target(boxes.data.map(Number), labels, size));
  tf.tidy(() => {
    const { cls, box, centerness } = inputs;
    const raw = predictionOf(relu ? { cls, box, centerness } : { cls, box }, size);
    const prediction = relu ? { ...raw, boxes: raw.boxes.map((map) => tf.relu(map)) } : raw;
    const { losses, slopes } = lossGradients(detector, prediction, targets);
    const second = detector.loss(prediction, targets);
    expectLosses(losses, expected.losses_first, { renamed, tolerance: allowed.losses_rel });
    expectLosses(Object.fromEntries(Object.entries(second).map(([name, value]) => [name, value.dataSync()[0]])), expected.losses_second, { renamed, tolerance: allowed.losses_rel });
    const boxSlopes = relu ? slopes.box.map((slope, l) => tf.mul(slope, tf.cast(tf.greater(raw.boxes[l], 0), "float32"))) : slopes.box;
    const [first, then, last] = expected.gradients_first;
    expectSlopes({ ...slopes, box: boxSlopes }, { cls: first, box: then, ...(last && { centerness: last }) }, allowed.gradients);
    for (const [i, found] of detector.decode(prediction, targets).entries()) expectDetections(`image ${i}`, found, cut(expected.detections[i], size), allowed);
  });
  for (const [i, one] of targets.entries()) {
    const told = detector.assignment!(one, { height, width }).flatMap(({ objects }) => Array.from(objects));
    const labelled = Array.from(told.entries()).filter(([, o]) => o >= 0).map(([prior, o]) => [prior, one.labels[o]]);
    expect(labelled, `positives of image ${i}`).toEqual(expected.positives[i]);
    expect(told.filter((o) => o === -2).length, `ignored of image ${i}`).toBe(expected.ignored[i]);
  }
  detector.dispose();
}

/** The cases' boxes are those before `detector_postprocess`, which cuts them to the image and drops those without area. */
function cut({ count, ...found }: Found, [height, width]: Size): Found {
  const boxes = found.boxes.map((box) => Array.from(clipBoxes(box, width, height)));
  const kept = boxes.flatMap(([x1, y1, x2, y2], i) => (x2 > x1 && y2 > y1 ? [i] : []));
  const dropped = boxes.length - kept.length;
  const of = <T>(list: readonly T[]) => kept.map((i) => list[i]);
  return { boxes: of(boxes), scores: of(found.scores), labels: of(found.labels), ...(count !== undefined && { count: count - dropped }) };
}
