import * as tf from "@tensorflow/tfjs-core";
import { differentiable, type BackwardContext } from "./differentiable.ts";
import { floatType, nativeBackend, rawFloat, rawReduce, rawReshape, type NativeBackend } from "./raw.ts";

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
  const native = nativeBackend();
  return native === undefined ? portableGroupNorm(x, options) : nativeGroupNorm(native, x, options);
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

function nativeGroupNorm(native: NativeBackend, x: tf.Tensor4D, options: GroupNormOptions): tf.Tensor4D {
  const { groups, gamma, beta, epsilon = 1e-5, relu = false } = options;
  return differentiable<tf.Tensor4D>({
    inputs: { x, ...(gamma && { gamma }), ...(beta && { beta }) },
    forward: (save) => {
      const mean = groupMean(native, rawReduce(native, "Mean", x, [1, 2]), groups);
      const centred = rawFloat(native, "Sub", x, mean);
      const square = rawFloat(native, "Square", centred);
      const variance = groupMean(native, rawReduce(native, "Mean", square, [1, 2]), groups);
      square.dispose();
      const inverse = rawFloat(native, "Rsqrt", rawFloat(native, "AddV2", variance, tf.scalar(epsilon)));
      let y = rawFloat(native, "Mul", centred, gamma === undefined ? inverse : rawFloat(native, "Mul", inverse, gamma));
      if (beta !== undefined) y = replace(y, rawFloat(native, "BiasAdd", y, beta));
      if (relu) y = replace(y, rawFloat(native, "Relu", y));
      save([centred, inverse, ...(gamma ? [gamma] : []), ...(relu ? [y] : [])]);
      return y as tf.Tensor4D;
    },
    backward: (dy, context) => gradients({ native, groups, relu, affine: gamma !== undefined }, dy, context),
  });
}

function replace(old: tf.Tensor, made: tf.Tensor): tf.Tensor {
  old.dispose();
  return made;
}

interface NormNode {
  readonly native: NativeBackend;
  readonly groups: number;
  readonly relu: boolean;
  readonly affine: boolean;
}

/**
 * With d = x − μ, r = 1/√(σ² + ε), g = dy where y > 0 and ⟨·⟩ the mean over a group:
 * dx = r·(γg − ⟨γg⟩ − d·r²·⟨γg·d⟩), dγ = Σ g·d·r, dβ = Σ g. Sums over positions are taken once, per channel.
 */
function gradients(node: NormNode, dy: tf.Tensor, { saved, share }: BackwardContext): Record<string, () => tf.Tensor> {
  const { native, groups } = node;
  const mul = (a: tf.Tensor, b: tf.Tensor) => rawFloat(native, "Mul", a, b);
  const [centred, inverse] = saved as [tf.Tensor4D, tf.Tensor4D];
  const gamma = node.affine ? saved[2] : undefined;
  const output = node.relu ? saved[saved.length - 1] : undefined;
  const scaled = (t: tf.Tensor) => (gamma === undefined ? t : mul(t, gamma));
  const g = output === undefined ? () => dy : share(() => rawFloat(native, "ReluGrad", dy, output));
  const meanOfG = share(() => rawReduce(native, "Mean", g(), [1, 2]));
  const meanOfGd = share(() => rawReduce(native, "Mean", mul(g(), centred), [1, 2]));
  const [, h, w, c] = centred.shape;
  const total = (means: tf.Tensor) => rawReshape(native, mul(rawReduce(native, "Sum", means, [0]), tf.scalar(h * w)), [c]);
  return {
    x: () => {
      const shift = mul(inverse, groupMean(native, scaled(meanOfG()), groups));
      const slope = mul(mul(mul(inverse, inverse), inverse), groupMean(native, scaled(meanOfGd()), groups));
      const first = rawFloat(native, "Sub", mul(g(), scaled(inverse)), shift);
      return rawFloat(native, "Sub", first, mul(centred, slope));
    },
    gamma: () => total(mul(meanOfGd(), inverse)),
    beta: () => total(meanOfG()),
  };
}

/** The means over groups of [B, 1, 1, C], broadcastable against it: [B, 1, 1, C], or [B, 1, 1, 1] for one group. */
function groupMean(native: NativeBackend, x: tf.Tensor, groups: number): tf.Tensor {
  const channels = x.shape[3]!;
  if (groups === channels) return x;
  if (groups === 1) return rawReduce(native, "Mean", x, [3]);
  const flags = ["adj_x", "adj_y"].map((name) => ({ name, type: native.binding.TF_ATTR_BOOL, value: false }));
  const matrix = tf.tensor2d(averaging(channels, groups), [channels, channels]);
  return native.executeSingleOutput("BatchMatMulV2", [floatType(native), ...flags], [x, matrix]);
}

const averages = new Map<string, Float32Array>();

/** The [C, C] matrix of blocks 1 / (C/G) (a memo of a pure function). */
function averaging(channels: number, groups: number): Float32Array {
  const key = `${channels}/${groups}`;
  const known = averages.get(key);
  if (known !== undefined) return known;
  const size = channels / groups;
  const matrix = Float32Array.from({ length: channels * channels }, (_, i) => {
    return Math.floor(i / channels / size) === Math.floor((i % channels) / size) ? 1 / size : 0;
  });
  averages.set(key, matrix);
  return matrix;
}
