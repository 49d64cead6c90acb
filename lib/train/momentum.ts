import * as tf from "@tensorflow/tfjs-core";
import { hasRawOps } from "../backend/ops.ts";
import type { Parameter } from "../detector/detector.ts";
import { runFloat } from "../tensor/raw.ts";
import { arithmetic } from "./arithmetic.ts";
import { refuse } from "./refuse.ts";
import { scalars } from "./scalars.ts";
import { assignAll, type UpdateRule } from "./update.ts";

export interface MomentumOptions {
  /** Default 0.9. */
  readonly momentum?: number;
  /** L2 penalty added to the gradient, on every trained parameter (norms too, as LGD's configs); default 1e-4. */
  readonly weightDecay?: number;
}

/**
 * PyTorch's SGD with momentum: v ← μv + (clip(g) + wd·w), w ← w − lr·v. One buffer per parameter.
 * @throws RangeError for options out of their range
 */
export function momentumSgd(parameters: readonly Parameter[], { momentum = 0.9, weightDecay = 1e-4 }: MomentumOptions): UpdateRule {
  if (!(momentum >= 0 && momentum < 1)) refuse("momentum", momentum, "a number from 0 to less than 1");
  if (!(weightDecay >= 0)) refuse("weightDecay", weightDecay, "a number from 0");
  const state = new Map(parameters.map(({ name, variable }) => [`velocity/${name}`, tf.tidy(() => tf.variable(tf.zerosLike(variable), false))]));
  return {
    state,
    update: (jobs, clip) => {
      const { sum, sub, mul } = arithmetic();
      const scalar = scalars();
      const mu = scalar(momentum);
      assignAll(jobs.flatMap(({ parameter: { name, variable }, gradient, rate, decayFactor }) => {
        const velocity = state.get(`velocity/${name}`)!;
        const decay = weightDecay * decayFactor;
        const [lr, wd] = [scalar(rate), decay === 0 ? undefined : scalar(decay)];
        // What is used up is freed at once: of the largest parameter three copies exist at a time, and not five.
        const next = tf.tidy(() => sum([clip(gradient), ...(wd === undefined ? [] : [mul(variable, wd)]), mul(velocity, mu)]));
        const w = tf.tidy(() => sub(variable, mul(next, lr)));
        return [[variable, w], [velocity, next]] as const;
      }));
    },
  };
}

/** ½ Σ x², as one native operation where there is one; inside a tidy. */
export function halfSquares(x: tf.Tensor): tf.Scalar {
  return (hasRawOps() ? runFloat("L2Loss", x) : tf.mul(tf.sum(tf.square(x)), 0.5)) as tf.Scalar;
}
