import * as tf from "@tensorflow/tfjs-core";
import type { Parameter, ParameterRole } from "../detector/detector.ts";
import { batchNorm } from "../tensor/batch-norm.ts";
import { conv } from "../tensor/conv.ts";
import { differentiable } from "../tensor/differentiable.ts";
import { random, type Random } from "../tensor/random.ts";

/** How a parameter starts and what it is, where that is not a trained weight uniform in ±bound. */
export interface StartOptions {
  /** The value of every entry, or how each is drawn from the stream that belongs to the seed and the name. */
  readonly start: number | ((stream: Random) => number);
  /** Never trained: a buffer that is kept with the weights. Default false. */
  readonly frozen?: boolean;
  readonly role?: ParameterRole;
}

/** Creates a method's trainable parameters and owns them. */
export interface ParameterSet {
  /**
   * A variable uniform in ±bound (0 with bound 0), from the stream that belongs to the seed and its name.
   * @param name the official PyTorch name
   */
  make<R extends tf.Rank>(name: string, shape: tf.ShapeMap[R], bound: number): tf.Variable<R>;
  /** A variable that starts in another way. */
  add<R extends tf.Rank>(name: string, shape: tf.ShapeMap[R], options: StartOptions): tf.Variable<R>;
  readonly all: readonly Parameter[];
  dispose(): void;
}

export function parameterSet(seed: number | string): ParameterSet {
  const all: Parameter[] = [];
  const add: ParameterSet["add"] = <R extends tf.Rank>(name: string, shape: tf.ShapeMap[R], { start, frozen = false, role }: StartOptions) => {
    const stream = random(seed, "distill", name);
    const values = Float32Array.from({ length: tf.util.sizeFromShape(shape) }, () => (typeof start === "number" ? start : start(stream)));
    const variable = tf.tidy(() => tf.variable(tf.tensor(values, shape), !frozen));
    all.push({ name, variable, group: "distill", frozen, ...(role && { role }) });
    return variable;
  };
  return {
    all,
    add,
    make: (name, shape, bound) => add(name, shape, { start: bound === 0 ? 0 : (stream) => stream.uniform(-bound, bound) }),
    dispose: () => all.splice(0).forEach(({ variable }) => variable.dispose()),
  };
}

/** Rows [N, in] → [N, out]. */
export type Dense = (x: tf.Tensor2D) => tf.Tensor2D;
/** Maps [B, H, W, in] → [B, H, W, out]. */
export type Conv = (x: tf.Tensor4D) => tf.Tensor4D;

/** A fully connected layer `name.weight` [in, out], `name.bias` [out], initialised as PyTorch's (uniform ±1/√in). */
export function dense(set: ParameterSet, name: string, inputs: number, outputs: number): Dense {
  const bound = 1 / Math.sqrt(inputs);
  const weight = set.make<tf.Rank.R2>(`${name}.weight`, [inputs, outputs], bound);
  const bias = set.make<tf.Rank.R1>(`${name}.bias`, [outputs], bound);
  return (x) => affine(x, weight, bias);
}

/** A 3×3 convolution with padding 1, `name.weight` [3, 3, C, C], `name.bias` [C], initialised as PyTorch's. */
export function conv3x3(set: ParameterSet, name: string, channels: number, options: { readonly relu?: boolean } = {}): Conv {
  const bound = 1 / Math.sqrt(9 * channels);
  const filter = set.make<tf.Rank.R4>(`${name}.weight`, [3, 3, channels, channels], bound);
  const bias = set.make<tf.Rank.R1>(`${name}.bias`, [channels], bound);
  return (x) => conv(x, filter, { padding: 1, bias: bias, relu: options.relu ?? false });
}

export interface BatchNormLayerOptions {
  /** Start of γ; 0 makes the layer start as 0. Default 1. */
  readonly gamma?: number;
  /** max(·, 0) at the end. Default false. */
  readonly relu?: boolean;
}

/**
 * BatchNorm in training mode: `name.weight` and `name.bias` are trained, `name.running_mean` and `name.running_var` are buffers
 * that each call moves on and nothing reads: they are kept with the weights for whoever takes these over.
 */
export function batchNorm2d(set: ParameterSet, name: string, channels: number, { gamma = 1, relu = false }: BatchNormLayerOptions = {}): Conv {
  const vector = (part: string, options: StartOptions) => set.add<tf.Rank.R1>(`${name}.${part}`, [channels], options);
  const parameters = {
    gamma: vector("weight", { start: gamma, role: "norm" }),
    beta: vector("bias", { start: 0, role: "norm" }),
    mean: vector("running_mean", { start: 0, frozen: true }),
    variance: vector("running_var", { start: 1, frozen: true }),
  };
  return (x) => {
    const { y, mean, variance } = batchNorm(x, parameters, { relu });
    parameters.mean.assign(mean);
    parameters.variance.assign(variance);
    return y;
  };
}

/** x·W + b as one node of the tape. x [N, in], W [in, out], b [out]. */
export function affine(x: tf.Tensor2D, weight: tf.Tensor2D, bias: tf.Tensor1D): tf.Tensor2D {
  return differentiable<tf.Tensor2D>({
    inputs: { x, weight, bias },
    forward: (save) => {
      const product = tf.matMul(x, weight);
      const y = tf.add<tf.Tensor2D>(product, bias);
      product.dispose();
      save([x, weight]);
      return y;
    },
    backward: (dy, { saved: [input, w] }) => ({
      x: () => tf.matMul(dy, w, false, true),
      weight: () => tf.matMul(input, dy, true, false),
      bias: () => tf.sum(dy, 0),
    }),
  });
}
