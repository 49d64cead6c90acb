import * as tf from "@tensorflow/tfjs-core";

/** How a mask is divided by its sum. */
export type MaskArithmetic = "exact" | "single";

/** FRS's mask S = max σ(y) over the whole channel axis (of anchors and classes): [B, H, W, A·K] → [B, H, W]. */
export function scoreMask(logits: tf.Tensor4D): tf.Tensor3D {
  return tf.tidy(() => tf.sigmoid<tf.Tensor3D>(tf.max(logits, 3)));
}

/**
 * S / Σ S over a level of the whole batch: [B, H, W, 1].
 *
 * `exact` computes it from the scores relative to the level's largest, e^(ln S − ln S_max): S cancels, so that no score is
 * too small, and the sum is at least 1 wherever there is a score at all. Where nothing is kept every weight is 0.
 * `single` is the published code's arithmetic: where all scores underflow, 0 / 0 = NaN.
 * @param kept [B, H, W] of ones and zeros: other cells have weight 0
 * @param normaliser Σ over the cells that are kept (default) or over all of the level
 */
export function normalisedScores(logits: tf.Tensor4D, { arithmetic = "exact", kept, normaliser = "kept" }: { readonly arithmetic?: MaskArithmetic; readonly kept?: tf.Tensor3D; readonly normaliser?: "kept" | "all" } = {}): tf.Tensor4D {
  if (arithmetic !== "exact" && arithmetic !== "single") throw new RangeError(`the mask's arithmetic is ${JSON.stringify(arithmetic)}; allowed: "exact", "single"`);
  return tf.tidy(() => {
    const all = arithmetic === "single" ? scoreMask(logits) : relativeScores(logits, normaliser === "kept" ? kept : undefined);
    const own = kept === undefined ? all : tf.mul(all, kept);
    const sum = tf.sum(normaliser === "kept" ? own : all);
    return tf.expandDims<tf.Tensor4D>(tf.div(own, arithmetic === "single" ? sum : tf.maximum(sum, 1)), 3);
  });
}

/** S / max S over the cells that count; 0 for the others. */
function relativeScores(logits: tf.Tensor4D, counting: tf.Tensor3D | undefined): tf.Tensor3D {
  const logarithms = tf.neg<tf.Tensor3D>(tf.softplus(tf.neg(tf.max(logits, 3))));
  const own = counting === undefined ? logarithms : tf.where<tf.Tensor3D>(tf.greater(counting, 0), logarithms, -Infinity);
  return tf.exp(tf.sub(own, tf.maximum(tf.max(own), -3e38)));
}
