import * as tf from "@tensorflow/tfjs-core";
import { differentiable } from "../tensor/differentiable.ts";
import { checkPyramids, distributions, fromRows, layout, toRows, type Distribution, type Layout } from "./distribution.ts";
import { jensenShannon, kullbackLeibler, type Divergences } from "./divergence.ts";

export type { Distribution } from "./distribution.ts";

/** Which of the readings of SSSD's loss is meant; the paper's formula leaves all of them open. */
export interface JsDistanceOptions {
  /** What sums to one. Default `channel`. */
  readonly distribution?: Distribution;
  /**
   * With JS_d of distribution d of D on a level, n entries each:
   * `elementMeanInsideSqrt` (default): √(Σ_d JS_d/(D·n)) per level, as a KL primitive with mean reduction gives;
   * `meanOfDistances`: mean of √JS_d; `literal`: (1/B)·Σ √JS_d / N with N = Σ H·W.
   */
  readonly reduction?: "elementMeanInsideSqrt" | "meanOfDistances" | "literal";
  /** How `elementMeanInsideSqrt` combines levels. Default `mean`. */
  readonly level?: "mean" | "sum";
  /** How `meanOfDistances` combines levels: over all distributions alike (default), or each level's mean alike. */
  readonly pooling?: "pooled" | "levelMean";
  /** Base of the logarithm. Default 2, for which a distance is at most 1. */
  readonly logBase?: 2 | "e";
  /** Divides the logits. Default 1. */
  readonly temperature?: number;
  /** √(JS + eps) − √eps instead of √JS. Default 0: the root is exact and has gradient 0 where JS is 0. */
  readonly eps?: number;
}

/** How KL and MSE are averaged: over all levels' entries alike, or as the SSSD paper writes it (per image, over N = Σ H·W). */
export interface KlOptions {
  readonly distribution?: Distribution;
  /** `elementMean` (default): mean over levels of Σ KL_d/(D·n); `pooledMean`: Σ KL_d/ΣD; `literal`: (1/B)·Σ KL_d/N. */
  readonly reduction?: "elementMean" | "pooledMean" | "literal";
  readonly temperature?: number;
}

export interface MseOptions {
  /** `elementMean` (default, LGD's): mean over all entries of all levels; `literal`: (1/B)·Σ squares/N with N = Σ H·W. */
  readonly reduction?: "elementMean" | "literal";
}

/** Value and gradient maps of one loss, before the upstream factor. */
interface Evaluated {
  readonly value: tf.Scalar;
  readonly gradients: readonly tf.Tensor4D[];
}

/**
 * SSSD's loss: the Jensen–Shannon distance √D_JS(k^p ‖ k_e^p) of two pyramids read as logits (SSSD section 2.1).
 *
 * One custom gradient in closed form; where JS is exactly 0 the gradient is exactly 0.
 * @param student maps [B, H_l, W_l, C], differentiated
 * @param enhanced maps of the same shapes, constants (the label-enhanced side is always detached)
 * @returns a scalar; throws on unequal pyramids or an option outside its values
 */
export function jsDistance(student: readonly tf.Tensor4D[], enhanced: readonly tf.Tensor4D[], options: JsDistanceOptions = {}): tf.Scalar {
  const all = checkJsOptions(options);
  checkPyramids(student, enhanced);
  const plan = layout(student, all.distribution);
  return onTape(student, () =>
    all.reduction === "elementMeanInsideSqrt" ? rootOfMeans(student, enhanced, plan, all) : meanOfRoots(student, enhanced, plan, all),
  );
}

/**
 * The KL baseline D_KL(k^p ‖ k_e^p) in nats, the student's distribution first as SSSD writes it (the reverse of
 * Hinton's order). Arguments as for `jsDistance`.
 */
export function klDivergence(student: readonly tf.Tensor4D[], enhanced: readonly tf.Tensor4D[], options: KlOptions = {}): tf.Scalar {
  const { distribution = "channel", reduction = "elementMean", temperature = 1 } = options;
  check("distribution", distribution, distributions);
  check("reduction", reduction, ["elementMean", "pooledMean", "literal"]);
  checkTemperature(temperature);
  checkPyramids(student, enhanced);
  const plan = layout(student, distribution);
  const weights = plan.rows.map((rows, level) => {
    if (reduction === "literal") return 1 / (student[0].shape[0] * cells(student));
    return reduction === "pooledMean" ? 1 / sum(plan.rows) : 1 / (plan.rows.length * rows * plan.entries[level]);
  });
  return onTape(student, () => {
    const parts = plan.groups.map((group) => {
      const { values, gradient } = compareGroup(group, student, enhanced, distribution, (x, y) => kullbackLeibler(x, y, temperature));
      const gradients = fromRows(gradient, group.map((level) => student[level].shape), distribution);
      return { value: weighedSum(values, group, plan, weights), gradients: gradients.map((g, i) => tf.mul<tf.Tensor4D>(g, weights[group[i]])) };
    });
    return collect(parts);
  });
}

/** Mean squared error of two pyramids; LGD's loss when both are instance-normalised. Arguments as for `jsDistance`. */
export function meanSquaredError(student: readonly tf.Tensor4D[], enhanced: readonly tf.Tensor4D[], options: MseOptions = {}): tf.Scalar {
  const { reduction = "elementMean" } = options;
  check("reduction", reduction, ["elementMean", "literal"]);
  checkPyramids(student, enhanced);
  const count = reduction === "literal" ? student[0].shape[0] * cells(student) : sum(student.map((map) => map.size));
  return onTape(student, () => {
    const difference = tf.sub(toRows(student, "channel"), toRows(enhanced, "channel"));
    return {
      value: tf.mul<tf.Scalar>(tf.sum(tf.square(difference)), 1 / count),
      gradients: fromRows(tf.mul(difference, 2 / count), student.map((map) => map.shape), "channel"),
    };
  });
}

type Complete = Required<JsDistanceOptions>;

/** Fills in the defaults; throws on an option outside its values. */
export function checkJsOptions(options: JsDistanceOptions): Complete {
  const { distribution = "channel", reduction = "elementMeanInsideSqrt", level = "mean", pooling = "pooled" } = options;
  const { logBase = 2, temperature = 1, eps = 0 } = options;
  check("distribution", distribution, distributions);
  check("reduction", reduction, ["elementMeanInsideSqrt", "meanOfDistances", "literal"]);
  check("level", level, ["mean", "sum"]);
  check("pooling", pooling, ["pooled", "levelMean"]);
  check("logBase", logBase, [2, "e"]);
  checkTemperature(temperature);
  if (!(eps >= 0 && eps < Infinity)) throw new RangeError(`eps is ${eps}; allowed: a finite number ≥ 0 (0 keeps the exact root)`);
  return { distribution, reduction, level, pooling, logBase, temperature, eps };
}

function check<T>(name: string, value: T, allowed: readonly T[]): void {
  if (!allowed.includes(value)) throw new RangeError(`${name} is ${JSON.stringify(value)}; allowed: ${allowed.map((a) => JSON.stringify(a)).join(", ")}`);
}

function checkTemperature(temperature: number): void {
  if (!(temperature > 0 && temperature < Infinity)) throw new RangeError(`temperature is ${temperature}; allowed: a finite number > 0`);
}

const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0);
const cells = (maps: readonly tf.Tensor4D[]) => sum(maps.map((map) => map.shape[1] * map.shape[2]));
const perNat = (options: Complete) => (options.logBase === 2 ? 1 / Math.LN2 : 1);

/** Σ_l or mean_l of √(Σ_d JS_d/(D·n)). */
function rootOfMeans(maps: readonly tf.Tensor4D[], enhanced: readonly tf.Tensor4D[], plan: Layout, options: Complete): Evaluated {
  const share = options.level === "mean" ? 1 / maps.length : 1;
  const parts = plan.groups.map((group): Evaluated => {
    const { values, gradient } = compareGroup(group, maps, enhanced, options.distribution, (x, y) => jensenShannon(x, y, options.temperature));
    const scale = tf.tensor1d(group.map((level) => perNat(options) / (plan.rows[level] * plan.entries[level])));
    const { root, slope } = safeRoot(tf.mul(levelSums(values, group, plan), scale), options.eps);
    const factors = tf.split(tf.mul(tf.mul(slope, scale), share), group.length);
    const gradients = fromRows(gradient, group.map((level) => maps[level].shape), options.distribution);
    return { value: tf.mul<tf.Scalar>(tf.sum(root), share), gradients: gradients.map((g, i) => tf.mul<tf.Tensor4D>(g, factors[i])) };
  });
  return collect(parts);
}

/** Σ_d w_l·√JS_d, the weights w_l being the reading's. */
function meanOfRoots(maps: readonly tf.Tensor4D[], enhanced: readonly tf.Tensor4D[], plan: Layout, options: Complete): Evaluated {
  const weights = plan.rows.map((rows) => {
    if (options.reduction === "literal") return 1 / (maps[0].shape[0] * cells(maps));
    return options.pooling === "pooled" ? 1 / sum(plan.rows) : 1 / (plan.rows.length * rows);
  });
  const parts = plan.groups.map((group): Evaluated => {
    const { values, gradient } = compareGroup(group, maps, enhanced, options.distribution, (x, y) => jensenShannon(x, y, options.temperature));
    const { root, slope } = safeRoot(tf.mul(values, perNat(options)), options.eps);
    const rows = tf.mul<tf.Tensor2D>(gradient, tf.expandDims(tf.mul(slope, perNat(options)), 1));
    const gradients = fromRows(rows, group.map((level) => maps[level].shape), options.distribution);
    return { value: weighedSum(root, group, plan, weights), gradients: gradients.map((g, i) => tf.mul<tf.Tensor4D>(g, weights[group[i]])) };
  });
  return collect(parts);
}

/** √(v + eps) − √eps and its derivative, which is 0 where v + eps is 0. */
function safeRoot(v: tf.Tensor1D, eps: number): { root: tf.Tensor1D; slope: tf.Tensor1D } {
  const shifted = eps === 0 ? v : tf.add<tf.Tensor1D>(v, eps);
  const root = tf.sqrt(shifted);
  const slope = tf.div<tf.Tensor1D>(tf.mul(root, 0.5), tf.maximum(shifted, 1e-37));
  return { root: eps === 0 ? root : tf.sub(root, Math.sqrt(eps)), slope };
}

function compareGroup(
  group: readonly number[],
  maps: readonly tf.Tensor4D[],
  enhanced: readonly tf.Tensor4D[],
  distribution: Distribution,
  divergence: (x: tf.Tensor2D, y: tf.Tensor2D) => Divergences,
): Divergences {
  return tf.tidy(() => {
    const rows = (of: readonly tf.Tensor4D[]) => toRows(group.map((level) => of[level]), distribution);
    return divergence(rows(maps), rows(enhanced));
  });
}

/** [ΣD] → the sum of each level of the group: [levels]. */
function levelSums(values: tf.Tensor1D, group: readonly number[], plan: Layout): tf.Tensor1D {
  if (group.length === 1) return tf.sum(values, 0, true);
  const parts = tf.split(values, group.map((level) => plan.rows[level]));
  return tf.concat1d(parts.map((part) => tf.sum<tf.Tensor1D>(part, 0, true)));
}

function weighedSum(values: tf.Tensor1D, group: readonly number[], plan: Layout, weights: readonly number[]): tf.Scalar {
  const own = group.map((level) => weights[level]);
  if (own.every((weight) => weight === own[0])) return tf.mul(tf.sum(values), own[0]);
  return tf.sum(tf.mul(levelSums(values, group, plan), tf.tensor1d(own)));
}

function collect(parts: readonly Evaluated[]): Evaluated {
  return { value: tf.addN(parts.map((part) => part.value)), gradients: parts.flatMap((part) => part.gradients) };
}

/** Puts a loss that computes its own gradient on the tape: one map per level is kept for the backward pass. */
function onTape(student: readonly tf.Tensor4D[], evaluate: () => Evaluated): tf.Scalar {
  const names = student.map((_, level) => `level${level}`);
  return differentiable<tf.Scalar>({
    inputs: Object.fromEntries(names.map((name, level) => [name, student[level]])),
    forward: (save) => {
      const { value, gradients } = evaluate();
      save(gradients);
      return value;
    },
    backward: (dy, { saved }) => Object.fromEntries(names.map((name, level) => [name, () => tf.mul(saved[level], dy)])),
  });
}
