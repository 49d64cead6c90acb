import * as tf from "@tensorflow/tfjs-core";
import { attribute, hasRawOps } from "../backend/ops.ts";
import { differentiable, type BackwardContext } from "./differentiable.ts";
import { float, raw, runFloat, rawSum } from "./raw.ts";

export interface GroupNormOptions {
  /** Groups of consecutive channels; 1 normalises the whole map, C is InstanceNorm. */
  readonly groups: number;
  /** [C] multiplies; default 1. */
  readonly gamma?: tf.Tensor1D;
  /** [C] is added; default 0. */
  readonly beta?: tf.Tensor1D;
  /** Default 1e-5. */
  readonly epsilon?: number;
  /** max(·, 0) at the end. Default false. */
  readonly relu?: boolean;
}

/**
 * y = (x − μ) / √(σ² + ε) · γ + β with mean and biased variance over each image's group of channels (Wu & He 2018, eq. 1–3),
 * as one node of the tape with the closed-form gradient.
 * @param x [B, H, W, C]
 */
export function groupNorm(x: tf.Tensor4D, options: GroupNormOptions): tf.Tensor4D {
  const channels = x.shape[3];
  if (!Number.isInteger(options.groups) || options.groups < 1 || channels % options.groups !== 0) {
    throw new Error(`group norm of ${channels} channels in ${options.groups} groups: the number of groups must divide the channels`);
  }
  return hasRawOps() ? nativeGroupNorm(x, options) : portableGroupNorm(x, options);
}

function portableGroupNorm(x: tf.Tensor4D, { groups, gamma, beta, epsilon = 1e-5, relu = false }: GroupNormOptions): tf.Tensor4D {
  const [b, h, w, c] = x.shape;
  const grouped = tf.reshape(x, [b, h * w, groups, c / groups]);
  const centred = tf.sub(grouped, tf.mean(grouped, [1, 3], true));
  const variance = tf.mean(tf.square(centred), [1, 3], true);
  let y: tf.Tensor4D = tf.reshape(tf.mul(centred, tf.rsqrt(tf.add(variance, epsilon))), x.shape);
  if (gamma !== undefined) y = tf.mul(y, gamma);
  if (beta !== undefined) y = tf.add(y, beta);
  return relu ? tf.relu(y) : y;
}

function nativeGroupNorm(x: tf.Tensor4D, options: GroupNormOptions): tf.Tensor4D {
  const { groups, gamma, beta, epsilon = 1e-5, relu = false } = options;
  return differentiable<tf.Tensor4D>({
    inputs: { x, ...(gamma && { gamma }), ...(beta && { beta }) },
    forward: (save) => {
      const centred = runFloat("Sub", x, groupMean(x, groups));
      const square = runFloat("Square", centred) as tf.Tensor4D;
      const variance = groupMean(square, groups);
      square.dispose();
      const inverse = runFloat("Rsqrt", runFloat("AddV2", variance, tf.scalar(epsilon)));
      let y = runFloat("Mul", centred, gamma === undefined ? inverse : runFloat("Mul", inverse, gamma));
      if (beta !== undefined) y = replace(y, runFloat("BiasAdd", y, beta));
      if (relu) y = replace(y, runFloat("Relu", y));
      save([centred, inverse, ...(gamma ? [gamma] : []), ...(relu ? [y] : [])]);
      return y as tf.Tensor4D;
    },
    backward: (dy, context) => gradients({ groups, relu, affine: gamma !== undefined }, dy, context),
  });
}

function replace(old: tf.Tensor, made: tf.Tensor): tf.Tensor {
  old.dispose();
  return made;
}

interface NormNode {
  readonly groups: number;
  readonly relu: boolean;
  readonly affine: boolean;
}

/**
 * With d = x − μ, r = 1/√(σ² + ε), g = dy where y > 0 and ⟨·⟩ the mean over a group:
 * dx = r·(γg − ⟨γg⟩ − d·r²·⟨γg·d⟩), dγ = Σ g·d·r, dβ = Σ g. Sums over positions are taken once, per channel.
 */
function gradients(node: NormNode, dy: tf.Tensor, { saved, share }: BackwardContext): Record<string, () => tf.Tensor> {
  const mul = (a: tf.Tensor, b: tf.Tensor) => runFloat("Mul", a, b);
  const [centred, inverse] = saved as [tf.Tensor4D, tf.Tensor4D];
  const gamma = node.affine ? saved[2] : undefined;
  const output = node.relu ? saved[saved.length - 1] : undefined;
  const scaled = (t: tf.Tensor) => (gamma === undefined ? t : mul(t, gamma));
  const g = output === undefined ? () => dy : share(() => runFloat("ReluGrad", dy, output));
  const sumOfG = share(() => rawSum(g(), [1, 2], "keep"));
  const sumOfGd = share(() => mul(rawSum(mul(g(), centred), [1, 2], "keep"), inverse)); // Σ g·d·r
  const layout = layoutOf(centred, node.groups);
  return {
    x: () => {
      const shift = mul(inverse, average(scaled(sumOfG()), layout));
      const slope = mul(mul(inverse, inverse), average(scaled(sumOfGd()), layout));
      return runFloat("Sub", runFloat("Sub", mul(g(), scaled(inverse)), shift), mul(centred, slope));
    },
    gamma: () => rawSum(sumOfGd(), [0, 1, 2], "drop"),
    beta: () => rawSum(sumOfG(), [0, 1, 2], "drop"),
  };
}

interface Layout {
  readonly channels: number;
  readonly groups: number;
  /** Positions of one map. */
  readonly count: number;
}

function layoutOf({ shape: [, height, width, channels] }: tf.Tensor4D, groups: number): Layout {
  return { channels, groups, count: height * width };
}

/** Each channel's group's mean of a map [B, H, W, C]: [B, 1, 1, C]. */
function groupMean(x: tf.Tensor4D, groups: number): tf.Tensor {
  return average(rawSum(x, [1, 2], "keep"), layoutOf(x, groups));
}

const product = { ...float, adj_x: attribute.bool(false), adj_y: attribute.bool(false) };

/** Sums over `count` positions of each channel [B, 1, 1, C] → means over its group, by a product with a block matrix. */
function average(sums: tf.Tensor, { channels, groups, count }: Layout): tf.Tensor {
  if (groups === channels) return runFloat("Mul", sums, tf.scalar(1 / count));
  const matrix = tf.tensor2d(blocks({ channels, groups, count }), [channels, channels]);
  return raw("BatchMatMulV2", product, [sums, matrix]);
}

const memo = new Map<string, Float32Array>();

/** The [C, C] matrix of blocks 1 / (count · C/G): the memo of a pure function, of the last few sizes. */
function blocks({ channels, groups, count }: Layout): Float32Array {
  const key = `${channels}/${groups}/${count}`;
  const known = memo.get(key);
  if (known !== undefined) return known;
  const size = channels / groups;
  const matrix = new Float32Array(channels * channels);
  for (let i = 0; i < channels; i++) matrix.fill(1 / (count * size), i * channels + Math.floor(i / size) * size, i * channels + (Math.floor(i / size) + 1) * size);
  if (memo.size >= 64) memo.clear();
  memo.set(key, matrix);
  return matrix;
}
