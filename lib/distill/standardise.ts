import * as tf from "@tensorflow/tfjs-core";
import { hasRawOps } from "../backend/ops.ts";
import { differentiable } from "../tensor/differentiable.ts";
import { rawMean, runFloat } from "../tensor/raw.ts";

export interface StandardiseOptions {
  /** max(·, 0) at the end. Default false. */
  readonly relu?: boolean;
  /** Added to the variance. Default 1e-5 (PyTorch's LayerNorm, GroupNorm and InstanceNorm). */
  readonly eps?: number;
  /**
   * Take the gradient's part along z off in such a way that it keeps its precision where little else is left: over two
   * entries, say, it is ε/(σ² + ε) of g, which rounding hides otherwise. For small tensors; a few more passes. Default false.
   */
  readonly precise?: boolean;
}

/**
 * z = (x − μ)/√(σ² + ε) with mean and biased variance over `axes`, no affine parameters, as one node of the tape:
 * LayerNorm for rows (`axes` [1]), InstanceNorm ([1, 2]) or GroupNorm with one group ([1, 2, 3]) for maps [B, H, W, C].
 *
 * dx = (g − ⟨g⟩ − z·⟨g·z⟩)/√(σ² + ε), g = dy (where z > 0 with `relu`), ⟨·⟩ the mean over `axes`. One value alone has
 * z = 0 and dx = 0.
 */
export function standardise<T extends tf.Tensor>(x: T, axes: number[], options: StandardiseOptions = {}): T {
  const { relu = false, eps = 1e-5, precise = false } = options;
  return differentiable<T>({
    inputs: { x },
    forward: (save) => {
      const centred = tf.sub(x, mean(x, axes));
      const square = tf.square(centred);
      const inverse = tf.rsqrt(tf.add(mean(square, axes), eps));
      square.dispose();
      const z = tf.mul<T>(centred, inverse);
      centred.dispose();
      save([z, inverse]);
      return relu ? tf.relu(z) : z;
    },
    backward: (dy, { saved: [z, inverse] }) => ({
      x: () => {
        const g = relu ? reluGradient(dy, z) : dy;
        if (precise) return preciseGradient(g, { z, inverse, axes, eps });
        const along = mean(tf.mul(g, z), axes);
        const rest = tf.sub(tf.sub(g, mean(g, axes)), tf.mul(z, along));
        return tf.mul(rest, inverse);
      },
    }),
  });
}

interface Standardised {
  readonly z: tf.Tensor;
  readonly inverse: tf.Tensor;
  readonly axes: number[];
  readonly eps: number;
}

/**
 * With ĝ = g − ⟨g⟩ and ρ = ⟨ĝ·z⟩/⟨z²⟩: dx = (ĝ − ρ·z + ρ·z·ε/(σ² + ε))/√(σ² + ε), which is the same. Each part is taken off
 * twice, so that what rounding left of it the first time goes too.
 */
function preciseGradient(g: tf.Tensor, { z, inverse, axes, eps }: Standardised): tf.Tensor {
  const power = tf.maximum(mean(tf.square(z), axes), 1e-37);
  const along = (x: tf.Tensor) => tf.div(mean(tf.mul(x, z), axes), power);
  const without = (x: tf.Tensor) => {
    const centred = tf.sub(x, mean(x, axes));
    return tf.sub(centred, tf.mul(z, along(centred)));
  };
  const rest = tf.mul(tf.mul(z, along(tf.sub(g, mean(g, axes)))), tf.mul(tf.square(inverse), eps));
  return tf.mul(tf.add(without(without(g)), rest), inverse);
}

/** The mean over axes, which stay with length 1: one operation where tf.mean takes three. */
function mean(x: tf.Tensor, axes: number[]): tf.Tensor {
  return hasRawOps() ? rawMean(x, axes) : tf.mean(x, axes, true);
}

/** dy where z > 0, else 0. */
function reluGradient<T extends tf.Tensor>(dy: T, z: tf.Tensor): T {
  return hasRawOps() ? (runFloat("ReluGrad", dy, z) as T) : tf.mul(dy, tf.step(z));
}
