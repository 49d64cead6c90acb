import * as tf from "@tensorflow/tfjs-core";
import { conv } from "../tensor/conv.ts";
import { maxPool } from "../tensor/max-pool.ts";
import { batchNorm2d, type Conv, type ParameterSet } from "./layers.ts";

export interface NonLocalOptions {
  readonly channels: number;
  /** Channels of the embeddings θ, φ and g. */
  readonly inner: number;
  /** Cells per side of the windows over which φ and g are max-pooled; at most the map's sides. */
  readonly pool: number;
}

/**
 * A non-local block (Wang et al., CVPR 2018, "Non-local Neural Networks", eq. 2 and 6; mode dot product):
 * z = x + BN(W·y), y = θ(x)·(φ(x)ᵀ·g(x)) / M, with θ, φ, g and W of 1 × 1, φ and g max-pooled to M cells.
 * BatchNorm by the batch's statistics; its γ starts as 0, so that the block starts as the identity. Names and starts are
 * mmcv's `NonLocal2d` behind mmrazor's pooling: `name.g.0.0.conv`, `name.conv_out.{conv,bn}`, `name.theta.conv`,
 * `name.phi.0.0.conv`.
 */
export function nonLocal(set: ParameterSet, name: string, { channels, inner, pool }: NonLocalOptions): Conv {
  const embed = (part: string) => embedding(set, `${name}.${part}.conv`, channels, inner);
  const g = embed("g.0.0");
  const out = set.add<tf.Rank.R4>(`${name}.conv_out.conv.weight`, [1, 1, inner, channels], { start: (stream) => Math.sqrt(2 / channels) * stream.normal() });
  const norm = batchNorm2d(set, `${name}.conv_out.bn`, channels, { gamma: 0 });
  const [theta, phi] = [embed("theta"), embed("phi.0.0")];
  return (x) => {
    const [batch, height, width] = x.shape;
    const size = Math.min(pool, height, width);
    const pooled = (map: tf.Tensor4D) => rows(size === 1 ? map : maxPool(map, { size, stride: size }));
    const keys = pooled(phi(x));
    // The product is associative: cells × cells are never made.
    const summary = tf.mul(tf.matMul(keys, pooled(g(x)), true, false), 1 / keys.shape[1]);
    const y: tf.Tensor4D = tf.reshape(tf.matMul(rows(theta(x)), summary), [batch, height, width, inner]);
    return tf.add(x, norm(conv(y, out)));
  };
}

/** 1 × 1 with bias, normal of deviation 0.01 and 0. */
function embedding(set: ParameterSet, name: string, channels: number, inner: number): Conv {
  const filter = set.add<tf.Rank.R4>(`${name}.weight`, [1, 1, channels, inner], { start: (stream) => 0.01 * stream.normal() });
  const bias = set.add<tf.Rank.R1>(`${name}.bias`, [inner], { start: 0 });
  return (x) => conv(x, filter, { bias });
}

/** [B, H, W, C] → [B, H·W, C] */
function rows(map: tf.Tensor4D): tf.Tensor3D {
  return tf.reshape(map, [map.shape[0], -1, map.shape[3]]);
}
