import * as tf from "@tensorflow/tfjs-core";
import { affine, dense, type ParameterSet } from "./layers.ts";
import { rowSoftmax } from "./row-softmax.ts";
import { standardise } from "./standardise.ts";

/** Appearance embeddings [L, B, R, C], label embeddings [B·R, C] and the mask of unused rows → outputs [L, B, R, C]. */
export type InterObjectAdapter = (appearance: tf.Tensor4D, labels: tf.Tensor2D, keyMask: tf.Tensor4D | undefined) => tf.Tensor4D;

/** The label code [B·R, C] as attention takes it: Linear, LayerNorm without affine, ReLU. */
export function labelProjection(set: ParameterSet, channels: number): (code: tf.Tensor2D) => tf.Tensor2D {
  const project = dense(set, "canoni_proj_1D.0.0", channels, channels);
  return (code) => standardise(project(code), [1], { relu: true });
}

/**
 * LGD's inter-object relation adapter ("stuGuided"): multi-head attention softmax(q·kᵀ/√d)·v whose queries are the
 * appearance embeddings and whose keys and values are the label embeddings, within each image; no residual, no
 * feed-forward layer. All levels attend at once, since they share keys and weights.
 *
 * `multi_head_attn.in_proj_weight` is [C, 3C]: queries, keys, values.
 * @param heads must divide the channels
 */
export function interObjectAdapter(set: ParameterSet, channels: number, heads: number): InterObjectAdapter {
  const size = channels / heads;
  const name = "multi_head_attn";
  // PyTorch's MultiheadAttention: Xavier-uniform stacked projection, biases 0.
  const weight = set.make<tf.Rank.R2>(`${name}.in_proj_weight`, [channels, 3 * channels], Math.sqrt(6 / (4 * channels)));
  const bias = set.make<tf.Rank.R1>(`${name}.in_proj_bias`, [3 * channels], 0);
  const outWeight = set.make<tf.Rank.R2>(`${name}.out_proj.weight`, [channels, channels], 1 / Math.sqrt(channels));
  const outBias = set.make<tf.Rank.R1>(`${name}.out_proj.bias`, [channels], 0) as tf.Tensor1D;
  return (appearance, labels, keyMask) => {
    const [levels, images, rows] = appearance.shape;
    const parts = [channels, 2 * channels];
    const [queryWeight, keyWeight] = tf.split<tf.Tensor2D>(weight, parts, 1);
    const [queryBias, keyBias] = tf.split<tf.Tensor1D>(bias, parts, 0);
    const flat = tf.reshape<tf.Rank.R2>(appearance, [levels * images * rows, channels]);
    const queries = tf.reshape(affine(flat, queryWeight, queryBias), [levels, images, rows, heads, size]);
    const q = tf.reshape<tf.Rank.R4>(tf.transpose(queries, [1, 3, 0, 2, 4]), [images, heads, levels * rows, size]);
    const both = tf.reshape(affine(labels, keyWeight, keyBias), [images, rows, 2 * heads, size]);
    const [k, v] = tf.split<tf.Tensor4D>(tf.transpose(both, [0, 2, 1, 3]), 2, 1);
    const scores = tf.mul(tf.matMul(q, k, false, true), 1 / Math.sqrt(size));
    const mixed = tf.matMul(rowSoftmax(keyMask === undefined ? scores : tf.add(scores, keyMask)), v);
    const byLevel = tf.transpose(tf.reshape(mixed, [images, heads, levels, rows, size]), [2, 0, 3, 1, 4]);
    const out = affine(tf.reshape(byLevel, [levels * images * rows, channels]), outWeight, outBias);
    return tf.reshape(out, appearance.shape);
  };
}
