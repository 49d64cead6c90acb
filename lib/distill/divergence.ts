import * as tf from "@tensorflow/tfjs-core";

/** Per-distribution divergences with their gradient. Rows are distributions; the caller disposes both tensors. */
export type Divergences = {
  /** [D] in nats, ≥ 0. */
  readonly values: tf.Tensor1D;
  /** [D, n]: derivative of each row's value by the first argument's logits. */
  readonly gradient: tf.Tensor2D;
};

type Ratio = {
  /** softmax(x/T), softmax(y/T): [D, n]. */
  readonly p: tf.Tensor2D;
  readonly q: tf.Tensor2D;
  /** δ = (log q − log p)/2 and t = tanh δ = (q − p)/(q + p): [D, n]. */
  readonly delta: tf.Tensor2D;
  readonly t: tf.Tensor2D;
};

const small = 0.25;

/**
 * Jensen–Shannon divergence of softmax(x/T) and softmax(y/T) row by row, and its gradient by x.
 *
 * JS = Σ m·g(t) with m = (p + q)/2, t = tanh δ, δ = (log q − log p)/2, g(t) = t·δ + ½·ln(1 − t²), for small t by its
 * series t²/2 + t⁴/12 + t⁶/30 + t⁸/56: a sum of non-negative terms, so equal rows give exactly 0 and nearly equal ones
 * keep their relative precision (the textbook KL + KL form is noise there). ∂JS/∂xⱼ = pⱼ·(aⱼ − Σ p·a)/T, a = ½·ln(1 − t).
 * @param x logits [D, n]; `y` is a constant: no gradient is offered for it
 */
export function jensenShannon(x: tf.Tensor2D, y: tf.Tensor2D, temperature: number): Divergences {
  return tf.tidy(() => {
    const ratio = compare(x, y, temperature);
    const near = tf.tidy(() => tf.less<tf.Tensor2D>(tf.abs(ratio.t), small));
    const g = series(ratio.t);
    const values = tf.tidy(() => {
      const nearTerms = tf.mul(tf.mul(tf.add(ratio.p, ratio.q), 0.5), g);
      return tf.sum<tf.Tensor1D>(tf.where(near, nearTerms, farTerms(ratio)), 1);
    });
    return { values, gradient: throughSoftmax(slope(ratio, near, g), ratio.p, 0.5 / temperature) };
  });
}

/**
 * Kullback–Leibler divergence KL(softmax(x/T) ‖ softmax(y/T)) row by row, and its gradient by x.
 *
 * Written as Σ (q − p − p·log(q/p)), whose terms are non-negative too. ∂KL/∂xⱼ = pⱼ·(lⱼ − Σ p·l)/T, l = log(p/q).
 * @param x logits [D, n]; `y` is a constant: no gradient is offered for it
 */
export function kullbackLeibler(x: tf.Tensor2D, y: tf.Tensor2D, temperature: number): Divergences {
  return tf.tidy(() => {
    const ratio = compare(x, y, temperature);
    return { values: divergenceOf(ratio), gradient: throughSoftmax(ratio.delta, ratio.p, -2 / temperature) };
  });
}

/**
 * Kullback–Leibler divergence KL(softmax(y/T) ‖ softmax(x/T)) row by row, the constant's distribution first as in distillation,
 * and its gradient by x: (q − p)/T with p = softmax(y/T), q = softmax(x/T). Equal rows give exactly 0, of both.
 * @param x logits [D, n]; `y` is a constant: no gradient is offered for it
 */
export function reverseKullbackLeibler(x: tf.Tensor2D, y: tf.Tensor2D, temperature: number): Divergences {
  return tf.tidy(() => {
    const ratio = compare(y, x, temperature);
    return { values: divergenceOf(ratio), gradient: tf.div<tf.Tensor2D>(tf.sub(ratio.q, ratio.p), temperature) };
  });
}

/** Σ (q − p − p·log(q/p)) of each row. */
function divergenceOf(ratio: Ratio): tf.Tensor1D {
  return tf.tidy(() => {
    const near = tf.less(tf.abs(ratio.t), small);
    return tf.sum<tf.Tensor1D>(tf.where(near, nearKullbackLeibler(ratio), farKullbackLeibler(ratio)), 1);
  });
}

/**
 * Softmaxes and half log ratio. The two log-partition functions differ by a constant c per row that float32 knows only
 * to 1e-7, which would drown differences of that size; Σ m·t must be 0, so what it deviates by corrects c.
 */
function compare(x: tf.Tensor2D, y: tf.Tensor2D, temperature: number): Ratio {
  return tf.tidy(() => {
    const scaled = (z: tf.Tensor2D) => (temperature === 1 ? z : tf.mul<tf.Tensor2D>(z, 1 / temperature));
    const p = tf.softmax(scaled(x));
    const q = tf.softmax(scaled(y));
    const guess = tf.tidy(() => {
      const peak = tf.sub(tf.max(y, 1, true), tf.max(x, 1, true));
      const rest = tf.log(tf.div(tf.max(p, 1, true), tf.max(q, 1, true)));
      const half = tf.mul(tf.add(tf.mul(peak, 1 / temperature), rest), 0.5);
      return tf.sub<tf.Tensor2D>(tf.mul(tf.sub(y, x), 0.5 / temperature), half);
    });
    const delta = tf.tidy(() => {
      const excess = tf.sum(tf.mul(tf.add(p, q), tf.tanh(guess)), 1, true);
      return tf.sub<tf.Tensor2D>(guess, tf.mul(excess, 0.5));
    });
    return { p, q, delta, t: tf.tanh(delta) };
  });
}

/** g(t) for small t; 3e-7 of itself off at t = ¼. (log1p would do, but WASM's loses the precision it is for.) */
function series(t: tf.Tensor2D): tf.Tensor2D {
  return tf.tidy(() => {
    const square = tf.square(t);
    const inner = [1 / 30, 1 / 12, 1 / 2].reduce<tf.Tensor>((sum, c) => tf.add(tf.mul(sum, square), c), tf.scalar(1 / 56));
    return tf.mul<tf.Tensor2D>(inner, square);
  });
}

/** ½·[q·ln(1 + t) + p·ln(1 − t)], for large t. */
function farTerms({ p, q, delta }: Ratio): tf.Tensor2D {
  return tf.tidy(() => {
    const forQ = tf.mul(q, tf.sub(Math.LN2, tf.softplus(tf.mul(delta, -2))));
    const forP = tf.mul(p, tf.sub(Math.LN2, tf.softplus(tf.mul(delta, 2))));
    return tf.mul(tf.add(forQ, forP), 0.5);
  });
}

/**
 * ln(1 − t) = g − δ·(1 + t) = ln 2 − softplus(2δ) up to a constant per row, which the softmax's Jacobian removes. Where p
 * outweighs q the constant −ln 2 is chosen: there 1 − t is 2 up to float32's resolution, softplus(2δ) keeps the rest.
 */
function slope({ p, delta, t }: Ratio, near: tf.Tensor2D, g: tf.Tensor2D): tf.Tensor2D {
  return tf.tidy(() => {
    const saturated = tf.less(tf.sum(tf.mul(p, t), 1, true), -0.5);
    const shift = tf.mul(tf.cast(saturated, "float32"), Math.LN2);
    const far = tf.sub<tf.Tensor2D>(tf.sub(Math.LN2, shift), tf.softplus(tf.mul(delta, 2)));
    const close = tf.sub(g, tf.mul(delta, tf.add(t, 1)));
    return tf.where(near, tf.sub<tf.Tensor2D>(close, shift), far);
  });
}

/** (p + q)·(t·δ + t − δ) with t − δ = −(t³/3 + t⁵/5 + …). */
function nearKullbackLeibler({ p, q, delta, t }: Ratio): tf.Tensor2D {
  return tf.tidy(() => {
    const square = tf.square(t);
    const series = [1 / 11, 1 / 9, 1 / 7, 1 / 5].reduce<tf.Tensor>((sum, c) => tf.add(tf.mul(sum, square), c), tf.scalar(1 / 13));
    const cubic = tf.mul(tf.mul(square, t), tf.add(tf.mul(series, square), 1 / 3));
    return tf.mul<tf.Tensor2D>(tf.add(p, q), tf.sub(tf.mul(t, delta), cubic));
  });
}

function farKullbackLeibler({ p, q, delta }: Ratio): tf.Tensor2D {
  return tf.tidy(() => tf.sub<tf.Tensor2D>(tf.sub(q, p), tf.mul(p, tf.mul(delta, 2))));
}

/** factor·p·(v − Σ p·v): the softmax's Jacobian. The mean is taken off twice, so that saturated rows stay precise. */
function throughSoftmax(v: tf.Tensor2D, p: tf.Tensor2D, factor: number): tf.Tensor2D {
  return tf.tidy(() => {
    const centred = removeMean(removeMean(v, p), p);
    return tf.mul<tf.Tensor2D>(p, tf.mul(centred, factor));
  });
}

function removeMean(v: tf.Tensor2D, p: tf.Tensor2D): tf.Tensor2D {
  return tf.tidy(() => tf.sub<tf.Tensor2D>(v, tf.sum(tf.mul(p, v), 1, true)));
}
