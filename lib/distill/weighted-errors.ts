import * as tf from "@tensorflow/tfjs-core";
import { differentiable } from "../tensor/differentiable.ts";

/**
 * Which binary cross entropy is meant.
 *
 * `logits` (default): −t·ln σ(x) − (1 − t)·ln σ(−x) without rounding a probability on the way; its gradient is σ(x) − t everywhere.
 * `single`: what PyTorch's `binary_cross_entropy` of σ(x) gives: each logarithm is clamped at −100, σ(x) is rounded to 1 from
 * x = 24·ln 2 on, and the gradient is multiplied by min(1, p(1 − p)/1e-12), so that it vanishes for a saturated student,
 * however wrong. `double`: the same in double precision, where σ(x) is 1 from 53·ln 2 on.
 */
export type CrossEntropy = "logits" | "single" | "double";

/**
 * Σ_l Σ_cells w·Σ_c (x − t)² as one node of the tape, which keeps no map of its own: x, t and w are all it needs.
 * @param maps x per level, [B, H, W, C], differentiated
 * @param wanted t per level, of the same shapes, constants
 * @param weights w per level, [B, H, W, 1], constants
 */
export function weightedSquaredError(maps: readonly tf.Tensor4D[], wanted: readonly tf.Tensor4D[], weights: readonly tf.Tensor4D[]): tf.Scalar {
  return overLevels(maps, wanted, weights, {
    error: (x, t) => tf.sum(tf.squaredDifference(x, t), 3, true),
    slope: (x, t, factor) => tf.mul(tf.sub(x, t), tf.mul(factor, 2)),
  });
}

/**
 * Σ_l Σ_cells w·Σ_c BCE(σ(x), t) as one node of the tape. Arguments as for `weightedSquaredError`.
 * @param logits x
 * @param probabilities t in [0, 1]
 */
export function weightedCrossEntropy(logits: readonly tf.Tensor4D[], probabilities: readonly tf.Tensor4D[], weights: readonly tf.Tensor4D[], form: CrossEntropy = "logits"): tf.Scalar {
  if (!Object.hasOwn(rules, form)) throw new RangeError(`the cross entropy is ${JSON.stringify(form)}; allowed: "logits", "single", "double"`);
  return overLevels(logits, probabilities, weights, rules[form]);
}

interface Rule {
  /** [B, H, W, 1]: the error of each cell. */
  readonly error: (x: tf.Tensor4D, t: tf.Tensor4D) => tf.Tensor;
  /** factor · d error / dx; factor [B, H, W, 1]. */
  readonly slope: (x: tf.Tensor4D, t: tf.Tensor4D, factor: tf.Tensor) => tf.Tensor4D;
}

/** BCE = ln(1 + eˣ) − t·x. */
const fromLogits: Rule = {
  error: (x, t) => tf.sub(tf.sum(tf.softplus(x), 3, true), tf.sum(tf.mul(t, x), 3, true)),
  slope: (x, t, factor) => tf.mul(tf.sub(tf.sigmoid(x), t), factor),
};

/** σ(x) is computed and rounded as the code does: where e^−x overflows it is 0. */
const fromProbabilities: Rule = {
  error: (x, t) => {
    const p = roundedSigmoid(x);
    // Near −88 σ(x) is e^x, a number so small that backends may take it for 0.
    const negative = tf.where(tf.greater(x, -80), clampedLog(p), tf.where(tf.greater(x, -128 * Math.LN2), x, -100));
    return tf.neg(tf.sum(tf.add(tf.mul(t, negative), tf.mul(tf.sub(1, t), clampedLog(tf.sub(1, p)))), 3, true));
  },
  slope: (x, t, factor) => {
    const p = roundedSigmoid(x);
    return tf.mul(tf.mul(tf.sub(p, t), damping(tf.mul(p, tf.sub(1, p)))), factor);
  },
};

const roundedSigmoid = (x: tf.Tensor4D) => tf.div<tf.Tensor4D>(1, tf.add(tf.exp(tf.neg(x)), 1));
const clampedLog = (p: tf.Tensor4D) => tf.maximum<tf.Tensor4D>(tf.log(p), -100);
/** p(1 − p) / max(p(1 − p), 1e-12). */
const damping = (variance: tf.Tensor4D) => tf.minimum<tf.Tensor4D>(tf.mul(variance, 1e12), 1);

/**
 * 1 − σ(x) where σ(x) is 1/(1 + e^−x) in double precision: there 1 + e^−x, and so 1 − σ(x), is a multiple of 2^−52, which counts
 * from about x = 16 on and leaves 0 from 53·ln 2 on. Below, single precision says it well enough.
 */
function doubleComplement(x: tf.Tensor4D): tf.Tensor4D {
  const steps = tf.round(tf.mul(tf.exp(tf.neg(tf.maximum(x, 16))), 2 ** 52));
  return tf.where(tf.greater(x, 16), tf.mul(steps, 2 ** -52), tf.sigmoid(tf.neg(x)));
}

/** What the code gives in double precision, to single precision. */
const fromDoubles: Rule = {
  error: (x, t) => {
    const negative = tf.minimum(tf.softplus(tf.neg(x)), 100);
    const positive = tf.where(tf.greater(x, 16), tf.neg(clampedLog(doubleComplement(x))), tf.softplus(x));
    return tf.sum(tf.add(tf.mul(t, negative), tf.mul(tf.sub(1, t), positive)), 3, true);
  },
  slope: (x, t, factor) => {
    const p = tf.sigmoid(x);
    return tf.mul(tf.mul(tf.sub(p, t), damping(tf.mul(p, doubleComplement(x)))), factor);
  },
};

const rules: Readonly<Record<CrossEntropy, Rule>> = { logits: fromLogits, single: fromProbabilities, double: fromDoubles };

function overLevels(maps: readonly tf.Tensor4D[], wanted: readonly tf.Tensor4D[], weights: readonly tf.Tensor4D[], { error, slope }: Rule): tf.Scalar {
  const levels = maps.length;
  return differentiable<tf.Scalar>({
    inputs: Object.fromEntries(maps.map((map, l) => [`level${l}`, map])),
    forward: (save) => {
      save([...maps, ...wanted, ...weights]);
      return tf.addN(maps.map((x, l) => tf.tidy(() => tf.sum<tf.Scalar>(tf.mul(error(x, wanted[l]), weights[l])))));
    },
    backward: (dy, { saved }) => Object.fromEntries(maps.map((_, l) => [`level${l}`, () => tf.tidy(() =>
      slope(saved[l] as tf.Tensor4D, saved[levels + l] as tf.Tensor4D, tf.mul(saved[2 * levels + l], dy)))])),
  });
}
