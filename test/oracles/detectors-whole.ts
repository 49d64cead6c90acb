import * as tf from "@tensorflow/tfjs-core";
import { expect } from "vitest";
import type { Target } from "../../lib/data/batch.ts";
import type { Detections, Detector, Prediction } from "../../lib/detector/detector.ts";
import { resize } from "../../lib/tensor/resize.ts";
import { gradients } from "../../lib/train/gradients.ts";
import { checkKeys, expectClose, expectRelative, make, nhwc, sumOfSquares, type Expected, type Formula } from "./detectors-oracle.ts";

export type Size = readonly [number, number];

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

/** Each loss, and the gradients of their sum with respect to all maps of a prediction of a dense detector. */
export function lossGradients(detector: Detector, prediction: Prediction, targets: readonly Target[]): { losses: Record<string, number>; cls: tf.Tensor[]; box: tf.Tensor[]; centerness: tf.Tensor[] } {
  const losses: Record<string, number> = {};
  const levels = prediction.logits.length;
  const centerness = prediction.extra?.centerness ?? [];
  const all = tf.grads((...maps: tf.Tensor[]) => {
    const [logits, boxes, centre] = [0, 1, 2].map((k) => maps.slice(k * levels, (k + 1) * levels) as tf.Tensor4D[]);
    const terms = detector.loss({ ...prediction, logits, boxes, ...(centre.length > 0 && { extra: { centerness: centre } }) }, targets);
    for (const [name, value] of Object.entries(terms)) losses[name] = value.dataSync()[0];
    return Object.values(terms).reduce((a, b) => tf.add(a, b));
  })([...prediction.logits, ...prediction.boxes, ...centerness]);
  return { losses, cls: all.slice(0, levels), box: all.slice(levels, 2 * levels), centerness: all.slice(2 * levels) };
}

/** Detections come by descending score: the first ones above it. */
export function above({ boxes, scores, labels }: Detections, score: number): Detections {
  const count = scores.filter((s) => s > score).length;
  return { boxes: boxes.slice(0, 4 * count), scores: scores.slice(0, count), labels: labels.slice(0, count) };
}

/** Generated noise, averaged over 5 × 5 (at borders over the pixels inside): [C, H, W] or [N, C, H, W] → [N, H, W, C]. */
export function smoothed(formula: Formula): tf.Tensor4D {
  return tf.tidy(() => {
    const [c, h, w] = formula.shape.slice(-3);
    const noise = nhwc(tf.tensor(make(formula), [formula.shape.length === 4 ? formula.shape[0] : 1, c, h, w]));
    return tf.avgPool(noise, 5, 1, "same");
  });
}

export function sampleTolerance(tolerance: WholeTolerance, expected: Expected): number {
  expect(tolerance.samples).toBe("1e-4 of the tensor's std");
  return 1e-4 * (expected as { std: number }).std;
}

export interface TorchvisionInput {
  readonly min_size: number;
  readonly max_size: number;
  readonly image_mean: number[];
  readonly image_std: number[];
  readonly size_divisible: number;
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
  const names = renamed ?? Object.fromEntries(Object.keys(expected.losses).map((name) => [name, name]));
  checkKeys("losses", expected.losses, Object.keys(names));
  expect(Object.keys(losses).sort(), "names of the losses").toEqual(Object.keys(expected.losses).map((name) => names[name]).sort());
  for (const [name, value] of Object.entries(expected.losses)) expectRelative(name, losses[names[name]], value, tolerance.losses_rel);
  for (const [group, value] of Object.entries(expected.gradient_sumsq)) expectRelative(`gradients of ${group}`, sumsq(group), value, tolerance.gradient_sumsq_rel);
}
