import * as tf from "@tensorflow/tfjs-core";
import { expect } from "vitest";
import type { Target } from "../../lib/data/batch.ts";
import type { Detections, Detector, Prediction } from "../../lib/detector/detector.ts";
import { loadParameters } from "../../lib/detector/load.ts";
import { resize } from "../../lib/tensor/resize.ts";
import { gradients } from "../../lib/train/gradients.ts";
import { checkKeys, expectClose, expectLive, expectRelative, make, nchw, nhwc, sumOfSquares, weights, type Expected, type Formula, type OracleCase } from "./detectors-oracle.ts";

export type Size = readonly [number, number];

/** Milliseconds for a whole detector on ResNet-50, on busy machines too. */
export const patience = 300_000;

export interface Found {
  readonly boxes: number[][];
  readonly scores: number[];
  readonly labels: number[];
  readonly count?: number;
}

export interface WholeTolerance {
  readonly samples: string;
  readonly losses_rel: number;
  readonly gradient_sumsq_rel: number;
  readonly boxes: number;
  readonly scores: number;
}

export function target(boxes: ArrayLike<number>, labels: readonly number[], [height, width]: Size): Target {
  return { image: 0, imageId: 0, boxes: Float32Array.from(boxes), labels: Int32Array.from(labels), width, height, scaleX: 1, scaleY: 1, flipped: false };
}

/** @param first the label that the reference gives to the first class */
export function expectDetections(what: string, actual: Detections, expected: Found, { boxes, scores, first = 0 }: { boxes: number; scores: number; first?: number }): void {
  checkKeys(`${what} detections`, expected, ["boxes", "scores", "labels", "count"]);
  const listed = expected.scores.length;
  expect(actual.scores.length, `${what}: number of detections`).toBe(expected.count ?? listed);
  expect(Array.from(actual.labels.subarray(0, listed), (label) => label + first), `${what}: labels in order`).toEqual(expected.labels);
  expectClose(`${what}: scores`, actual.scores.subarray(0, listed), expected.scores, scores);
  expectClose(`${what}: boxes`, actual.boxes.subarray(0, 4 * listed), expected.boxes.flat(), boxes);
}

/** Detections come by descending score: the first ones above it. */
export function above({ boxes, scores, labels, masks }: Detections, score: number): Detections {
  const count = scores.filter((s) => s > score).length;
  return { boxes: boxes.slice(0, 4 * count), scores: scores.slice(0, count), labels: labels.slice(0, count), ...(masks && { masks: masks.slice(0, count) }) };
}

/** Generated noise, averaged over 5 × 5 (at borders over the pixels inside): [C, H, W] or [N, C, H, W] → [N, H, W, C]. */
export function smoothed(formula: Formula): tf.Tensor4D {
  return tf.tidy(() => {
    const [c, h, w] = formula.shape.slice(-3);
    const noise = nhwc(tf.tensor(make(formula), [formula.shape.length === 4 ? formula.shape[0] : 1, c, h, w]));
    return tf.avgPool(noise, 5, 1, "same");
  });
}

/** Compares a tensor in PyTorch's layout within the tolerance that whole detectors state. */
export type Close = (what: string, actual: tf.Tensor, wanted: Expected) => void;

export function closeTo(tolerance: WholeTolerance): Close {
  expect(tolerance.samples).toBe("1e-4 of the tensor's std");
  return (what, actual, wanted) => { expectLive(what, actual, wanted, 1e-4 * (wanted as { std: number }).std); };
}

/** All levels of a map; there must be as many as expected. */
export function closeMaps(close: Close, what: string, maps: readonly tf.Tensor4D[], wanted: readonly Expected[]): void {
  expect(maps.length, `${what}: levels`).toBe(wanted.length);
  for (const [l, map] of maps.entries()) close(`${what} ${l}`, nchw(map), wanted[l]);
}

/** torchvision's way of putting all levels' outputs one behind another: [N, Σ H·W·A, depth]. */
export function rows(maps: readonly tf.Tensor4D[], depth: number): tf.Tensor {
  return tf.concat(maps.map((map) => tf.reshape(map, [map.shape[0], -1, depth])), 1);
}

export interface TorchvisionInput {
  readonly min_size: number;
  readonly max_size: number;
  readonly image_mean: number[];
  readonly image_std: number[];
  readonly size_divisible: number;
}

/** What the cases of all torchvision detectors state. */
export interface TorchvisionParams extends TorchvisionInput {
  readonly classes: number;
  readonly score_thresh: number;
  readonly detections_per_img: number;
  readonly seed_prefix: string;
  readonly nms: number;
}

export const torchvisionKeys = ["classes", "min_size", "max_size", "image_mean", "image_std", "size_divisible", "score_thresh", "detections_per_img", "seed_prefix", "nms"] as const;
export const torchvisionExpected = ["batch", "image_sizes", "pyramid", "losses", "gradient_sumsq", "detections"] as const;

/** The backbone of a case's function, all of it trained and its statistics fixed (in v2 too), as `resnet50` in `torchvision fcos with resnet50 FrozenBatchNorm2d FPN`. */
export function torchvisionBackbone({ function: called }: Pick<OracleCase, "function">): { readonly name: string; readonly frozenStages: -1; readonly norm: { readonly kind: "frozen" } } {
  const [, name] = / with (\w+) FrozenBatchNorm2d FPN$/.exec(called) ?? [];
  expect(name, `${called} names its backbone`).toBeDefined();
  return { name, frozenStages: -1, norm: { kind: "frozen" } };
}

/** torchvision's GeneralizedRCNNTransform: normalise, resize by a float32 scale, pad right and below. */
export function torchvisionBatch(params: TorchvisionInput, formulas: readonly Formula[]): { images: tf.Tensor4D; sizes: Size[]; scales: { x: number; y: number }[] } {
  const resized = formulas.map((formula) => {
    const image: tf.Tensor4D = tf.add(tf.mul(tf.sub(smoothed(formula), 0.5), 3), 0.5);
    const normal: tf.Tensor4D = tf.div(tf.sub(image, tf.tensor1d(params.image_mean)), tf.tensor1d(params.image_std));
    const [, h, w] = image.shape;
    const scale = Math.fround(Math.min(params.min_size / Math.min(h, w), params.max_size / Math.max(h, w)));
    return resize(normal, { size: [Math.floor(h * scale), Math.floor(w * scale)], mode: "bilinear" });
  });
  const sizes = resized.map(({ shape: [, h, w] }): Size => [h, w]);
  const padded = (axis: 0 | 1) => Math.ceil(Math.max(...sizes.map((size) => size[axis])) / params.size_divisible) * params.size_divisible;
  const [height, width] = [padded(0), padded(1)];
  const scales = formulas.map(({ shape }, i) => ({ x: sizes[i][1] / shape[2], y: sizes[i][0] / shape[1] }));
  return { images: tf.concat(resized.map((x) => tf.pad(x, [[0, 0], [0, height - x.shape[1]], [0, width - x.shape[2]], [0, 0]]))), sizes, scales };
}

/** Boxes of the original image in the resized one (`times`), or back (`over`). */
export function rescaled(boxes: ArrayLike<number>, { x, y }: { x: number; y: number }, way: "times" | "over"): number[] {
  return Array.from(boxes, (v, k) => {
    const scale = k % 2 === 0 ? x : y;
    return way === "times" ? v * scale : v / scale;
  });
}

export interface TorchvisionInputs { readonly images: Formula[]; readonly targets: { boxes: number[][]; labels: number[] }[] }

export interface TorchvisionExpected<F extends Found = Found> {
  readonly batch: Expected; readonly image_sizes: Size[]; readonly pyramid: Record<string, Expected>;
  readonly losses: Record<string, number>; readonly gradient_sumsq: Record<string, number>; readonly detections: F[];
}

/** What is seen while a whole detector is compared. Tensors belong to the comparison's tidy scope. */
export interface Seen {
  readonly prediction: Prediction;
  readonly targets: readonly Target[];
  readonly close: Close;
}

export interface SeenDetections extends Seen {
  /** In the original image's pixels. */
  readonly found: Detections;
  /** In the batch's pixels. */
  readonly raw: Detections;
  readonly image: number;
}

export interface TorchvisionComparison {
  /** Compares the outputs of the heads. */
  readonly heads: (seen: Seen) => void;
  /** Our names of the reference's losses. Default the same. */
  readonly losses?: Readonly<Record<string, string>>;
  /** Label of the first class. Default 0. */
  readonly first?: number;
  /** Completes a target, as with masks. */
  readonly complete?: (target: Target, image: number) => Target;
  /** Compares detections. Default boxes, scores and labels. */
  readonly detections?: (seen: SeenDetections) => void;
}

/** A whole torchvision detector: batch, pyramid, heads, losses, gradients, detections. Disposes the detector. */
export function compareTorchvision<P extends TorchvisionParams, E extends TorchvisionExpected>(detector: Detector, one: OracleCase<P, TorchvisionInputs, E>, { heads, losses, first = 0, complete = (own) => own, detections }: TorchvisionComparison): void {
  const { params, inputs, expected } = one;
  loadParameters(detector, weights(one, params.seed_prefix), { layout: "pytorch" });
  const tolerance = one.tolerance as WholeTolerance;
  const close = closeTo(tolerance);
  tf.tidy(() => {
    const { images, sizes, scales } = torchvisionBatch(params, inputs.images);
    expect(sizes).toEqual(expected.image_sizes);
    close("batch", nchw(images), expected.batch);
    const prediction = detector.forward(images);
    closeMaps(close, "pyramid", prediction.pyramid, Object.values(expected.pyramid));
    const targets = inputs.targets.map(({ boxes, labels }, i) => complete(target(rescaled(boxes.flat(), scales[i], "times"), labels.map((label) => label - first), sizes[i]), i));
    heads({ prediction, targets, close });
    expectTraining(trainOnce(detector, () => detector.forward(images), targets), expected, tolerance, losses);
    for (const [image, raw] of detector.decode(prediction, targets).entries()) {
      const found = { ...raw, boxes: Float32Array.from(rescaled(raw.boxes, scales[image], "over")) };
      if (detections) detections({ prediction, targets, close, found, raw, image });
      else expectDetections(`image ${image}`, found, expected.detections[image], { ...tolerance, first });
    }
  });
  detector.dispose();
}

export interface MmdetParams { readonly keep_score: number; readonly seed_prefix: string }
export interface MmdetInputs { readonly images: Formula; readonly gt: { boxes: number[][]; labels: number[] }[] }
export interface MmdetExpected<F extends Found = Found> {
  readonly pyramid: Expected[]; readonly heads: Readonly<Record<string, Expected[]>>;
  readonly losses: Record<string, number>; readonly gradient_sumsq: Record<string, number>; readonly detections: F[];
}

export interface MmdetComparison {
  /** The heads' outputs by the reference's names. */
  readonly heads: (prediction: Prediction) => Readonly<Record<string, readonly tf.Tensor4D[]>>;
  readonly losses?: Readonly<Record<string, string>>;
  readonly complete?: (target: Target, image: number) => Target;
  readonly detections?: (what: string, found: Detections, image: number) => void;
}

/** A whole mmdet detector: pyramid, heads, losses, gradients, detections. Disposes the detector. */
export function compareMmdet<P extends MmdetParams, E extends MmdetExpected>(detector: Detector, one: OracleCase<P, MmdetInputs, E>, { heads, losses, complete = (own) => own, detections }: MmdetComparison): void {
  const { params, inputs, expected } = one;
  checkKeys("params", params, ["model", "keep_score", "test", "seed_prefix"]);
  checkKeys("expected", expected, ["pyramid", "heads", "losses", "gradient_sumsq", "detections"]);
  loadParameters(detector, weights(one, params.seed_prefix), { layout: "pytorch" });
  const tolerance = one.tolerance as WholeTolerance;
  const close = closeTo(tolerance);
  const [, , height, width] = inputs.images.shape;
  const targets = inputs.gt.map(({ boxes, labels }, i) => complete(target(boxes.flat(), labels, [height, width]), i));
  tf.tidy(() => {
    const images = tf.mul<tf.Tensor4D>(smoothed(inputs.images), 2);
    const prediction = detector.forward(images);
    closeMaps(close, "pyramid", prediction.pyramid, expected.pyramid);
    const outputs = heads(prediction);
    checkKeys("heads", expected.heads, Object.keys(outputs));
    for (const [name, wanted] of Object.entries(expected.heads)) closeMaps(close, name, outputs[name], wanted);
    expectTraining(trainOnce(detector, () => detector.forward(images), targets), expected, tolerance, losses);
    for (const [i, all] of detector.decode(prediction, targets).entries()) {
      const found = above(all, params.keep_score);
      if (detections) detections(`image ${i}`, found, i);
      else expectDetections(`image ${i}`, found, expected.detections[i], tolerance);
    }
  });
  detector.dispose();
}

export interface TrainedOnce {
  readonly losses: Record<string, number>;
  /** Σ gradient² of the parameters whose names begin so. */
  readonly sumsq: (group: string) => number;
}

/** Losses by name, and Σ gradient² by group of parameters. The caller's tidy frees what is made. */
export function trainOnce(detector: Detector, prediction: () => Prediction, targets: readonly Target[]): TrainedOnce {
  const trained = detector.parameters().filter(({ frozen }) => !frozen);
  let names: string[] = [];
  const result = gradients(() => {
    const terms = detector.loss(prediction(), targets);
    names = Object.keys(terms);
    const values = Object.values(terms);
    return { loss: values.reduce((a, b) => tf.add(a, b)), values: tf.stack(values) as tf.Tensor1D };
  }, trained.map(({ variable }) => variable));
  const values = result.values.dataSync();
  const sumsq = (group: string) => trained.reduce((sum, { name }, i) => (name.startsWith(`${group}.`) && result.gradients[i] ? sum + sumOfSquares(result.gradients[i]) : sum), 0);
  return { losses: Object.fromEntries(names.map((name, i) => [name, values[i]])), sumsq };
}

/** @param renamed our names of the reference's losses; default the same */
export function expectTraining({ losses, sumsq }: TrainedOnce, expected: { losses: Record<string, number>; gradient_sumsq: Record<string, number> }, tolerance: WholeTolerance, renamed?: Readonly<Record<string, string>>): void {
  const compared = Object.entries(expected.losses).filter(([name]) => !name.endsWith("acc")); // mmdet's accuracies are no losses
  const names = renamed ?? Object.fromEntries(compared.map(([name]) => [name, name]));
  checkKeys("losses", Object.fromEntries(compared), Object.keys(names));
  expect(Object.keys(losses).sort(), "names of the losses").toEqual(compared.map(([name]) => names[name]).sort());
  for (const [name, value] of compared) expectRelative(name, losses[names[name]], value, tolerance.losses_rel);
  for (const [group, value] of Object.entries(expected.gradient_sumsq)) expectRelative(`gradients of ${group}`, sumsq(group), value, tolerance.gradient_sumsq_rel);
}
