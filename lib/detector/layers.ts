import * as tf from "@tensorflow/tfjs-core";
import { conv, type ConvOptions } from "../tensor/conv.ts";
import { foldBatchNorm } from "../tensor/batch-norm.ts";
import { groupNorm } from "../tensor/group-norm.ts";
import { deformableOperation, type DeformSpec } from "./deformable.ts";
import type { ParameterGroup } from "./detector.ts";
import type { Initialiser, ParameterStore } from "./parameters.ts";

/** A function of feature maps that owns parameters. */
export type Layer = (x: tf.Tensor4D) => tf.Tensor4D;

/** A layer that may also be asked for its output before the activation it was built with. */
export type Activated = (x: tf.Tensor4D, relu?: boolean) => tf.Tensor4D;

/**
 * Layers one after another. What lies between is freed as soon as the next layer has used it, so that an inference holds
 * two maps and not all of them; what the backward pass needs is kept by the tape itself.
 */
export function sequence(layers: readonly Layer[]): Layer {
  return (x) => {
    let y = x;
    for (const layer of layers) {
      const next = tf.tidy(() => layer(y));
      if (y !== x && y !== next) y.dispose();
      y = next;
    }
    return y;
  };
}

/**
 * What normalises a convolution's output.
 * - `frozen`: BatchNorm with fixed statistics and fixed affine part, folded into the convolution.
 * - `affine`: BatchNorm with fixed statistics and a trained affine part (mmdet's `norm_eval`).
 * - `group`: GroupNorm.
 */
export type Norm = { readonly kind: "frozen" } | { readonly kind: "affine" } | { readonly kind: "group"; readonly groups: number };

export interface ConvSpec {
  /** Parameter name without `.weight` and `.bias`. */
  readonly name: string;
  readonly input: number;
  readonly output: number;
  readonly kernel: number;
  readonly stride?: number;
  /** Default (kernel − 1) / 2. */
  readonly padding?: number;
  readonly dilation?: number;
  readonly groups?: number;
  readonly relu?: boolean;
  /** Default true without a norm, false with one. */
  readonly bias?: boolean;
  readonly norm?: Norm;
  /** Parameter name of the norm, without `.weight`. */
  readonly normName?: string;
  /** Default He normal over the fan out (torchvision's ResNet). */
  readonly initialiser?: Initialiser;
  /** Start of the bias. Default 0. */
  readonly biasValue?: number;
  /** How the bias starts in place of one value. */
  readonly biasInitialiser?: Initialiser;
  readonly group: ParameterGroup;
  readonly frozen?: boolean;
  /** A deformable convolution in its place. Default none. */
  readonly deform?: DeformSpec;
}

/** Convolution, then normalisation, then ReLU, as far as the specification asks for them. */
export function convLayer(store: ParameterStore, spec: ConvSpec): Activated {
  const { name, input, output, kernel, groups = 1, group, frozen = false, norm } = spec;
  const filter = store.add({ name: `${name}.weight`, shape: [kernel, kernel, input / groups, output], initialiser: spec.initialiser ?? { kind: "kaiming-normal", fan: kernel * kernel * output }, group, frozen });
  const bias = spec.bias ?? norm === undefined
    ? store.add({ name: `${name}.bias`, shape: [output], initialiser: spec.biasInitialiser ?? { kind: "constant", value: spec.biasValue ?? 0 }, group, frozen, role: "bias" })
    : undefined;
  const options: ConvOptions = { stride: spec.stride ?? 1, padding: spec.padding ?? (kernel - 1) / 2, dilation: spec.dilation ?? 1, groups };
  const activation = spec.relu ?? false;
  const convolve = spec.deform === undefined ? conv : deformableOperation(store, { ...options, deform: spec.deform, input, kernel, group, frozen });
  const weights = filter as unknown as tf.Tensor4D;
  if (norm === undefined) {
    return (x, relu = activation) => convolve(x, weights, { ...options, relu, ...(bias && { bias: bias as unknown as tf.Tensor1D }) });
  }
  const normSpec = { name: spec.normName ?? `${name}.norm`, channels: output, group, frozen };
  if (norm.kind === "group") {
    const affine = affineParameters(store, normSpec);
    return (x, relu = activation) => groupNorm(convolve(x, weights, { ...options, ...(bias && { bias: bias as unknown as tf.Tensor1D }) }), { groups: norm.groups, ...affine, relu });
  }
  const folded = foldedBatchNorm(store, normSpec, norm.kind === "affine" && !frozen);
  return (x, relu = activation) => convolve(x, weights, { ...options, relu, ...folded() });
}

interface NormSpec {
  readonly name: string;
  readonly channels: number;
  readonly group: ParameterGroup;
  readonly frozen: boolean;
}

function affineParameters(store: ParameterStore, { name, channels, group, frozen }: NormSpec): { gamma: tf.Tensor1D; beta: tf.Tensor1D } {
  const add = (part: string, value: number) =>
    store.add({ name: `${name}.${part}`, shape: [channels], initialiser: { kind: "constant", value }, group, frozen, role: "norm" }) as unknown as tf.Tensor1D;
  return { gamma: add("weight", 1), beta: add("bias", 0) };
}

/**
 * BatchNorm with fixed statistics as scale = γ / √(σ² + ε) and bias = β − μ · scale, ε = 1e-5.
 * A fixed affine part is folded once per change of its variables; a trained one on the tape, at every call.
 */
function foldedBatchNorm(store: ParameterStore, spec: NormSpec, trained: boolean): () => { scale: tf.Tensor1D; bias: tf.Tensor1D } {
  const { gamma, beta } = affineParameters(store, { ...spec, frozen: !trained });
  const statistic = (part: string, value: number) =>
    store.add({ name: `${spec.name}.${part}`, shape: [spec.channels], initialiser: { kind: "constant", value }, group: spec.group, frozen: true }) as unknown as tf.Tensor1D;
  const [mean, variance] = [statistic("running_mean", 0), statistic("running_var", 1)];
  const fold = () => foldBatchNorm({ gamma, beta, mean, variance });
  return trained ? fold : store.remember([gamma, beta, mean, variance], fold);
}
