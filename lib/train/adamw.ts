import * as tf from "@tensorflow/tfjs-core";
import type { Parameter } from "../detector/detector.ts";
import { arithmetic } from "./arithmetic.ts";
import { refuse } from "./refuse.ts";
import { scalars } from "./scalars.ts";
import { assignAll, type UpdateJob, type UpdateRule } from "./update.ts";

export interface AdamWOptions {
  /** How much of the gradient's mean and mean square is kept per update; default [0.9, 0.999]. */
  readonly betas?: readonly [number, number];
  /** Added to the root; default 1e-8. */
  readonly epsilon?: number;
  /** Share of a weight that is taken off per update and unit of learning rate; default 0.01. */
  readonly weightDecay?: number;
}

/**
 * AdamW (Loshchilov & Hutter 2019, algorithm 2) as PyTorch has it, t being a parameter's updates so far:
 * w ← w·(1 − lr·wd), m ← β₁m + (1 − β₁)g, s ← β₂s + (1 − β₂)g², w ← w − lr/(1 − β₁ᵗ) · m / (√s/√(1 − β₂ᵗ) + ε).
 * Two buffers per parameter, and one for all that counts their updates: [parameters].
 * @throws RangeError for options out of their range
 */
export function adamW(parameters: readonly Parameter[], options: AdamWOptions): UpdateRule {
  const { betas: [beta1, beta2], epsilon, weightDecay } = checked(options);
  const zeros = (kind: string) => parameters.map(({ name, variable }) => [`${kind}/${name}`, tf.tidy(() => tf.variable(tf.zerosLike(variable), false))] as const);
  const counter = tf.tidy(() => tf.variable(tf.zeros([parameters.length]), false));
  const state = new Map<string, tf.Variable>([...zeros("mean"), ...zeros("square"), ["updates", counter]]);
  const place = new Map(parameters.map(({ name }, i) => [name, i]));

  /** [w, m, s] of one parameter. Inside a tidy. */
  const next = ({ parameter: { name, variable } }: UpdateJob, gradient: tf.Tensor, { keep1, take1, keep2, take2, decay, step, epsilon: e }: Constants) => {
    const { add, sub, mul, div, square, sqrt } = arithmetic();
    const mean = add(mul(state.get(`mean/${name}`)!, keep1), mul(gradient, take1));
    const squares = add(mul(state.get(`square/${name}`)!, keep2), mul(square(gradient), take2));
    const way = div(mul(mean, step), add(sqrt(squares), e));
    return [sub(decay === undefined ? variable : mul(variable, decay), way), mean, squares];
  };

  /** Numerator and denominator are multiplied by √(1 − β₂ᵗ): one pass over the parameter less. */
  const constants = ({ rate, decayFactor }: UpdateJob, t: number, scalar: (value: number) => tf.Scalar): Constants => {
    const root = Math.sqrt(1 - beta2 ** t);
    const decay = 1 - rate * weightDecay * decayFactor;
    return {
      keep1: scalar(beta1), take1: scalar(1 - beta1), keep2: scalar(beta2), take2: scalar(1 - beta2),
      decay: decay === 1 ? undefined : scalar(decay),
      step: scalar((rate * root) / (1 - beta1 ** t)),
      epsilon: scalar(epsilon * root),
    };
  };

  return {
    state,
    update: (jobs, clip) => {
      const scalar = scalars();
      const updates = counter.dataSync<"float32">().slice();
      const made = jobs.flatMap((job) => {
        const { name, variable } = job.parameter;
        const t = (updates[place.get(name)!] += 1);
        const fixed = constants(job, t, scalar);
        const [w, m, s] = tf.tidy(() => next(job, clip(job.gradient), fixed));
        return [[variable, w], [state.get(`mean/${name}`)!, m], [state.get(`square/${name}`)!, s]] as const;
      });
      assignAll([...made, [counter, tf.tensor1d(updates)]]);
    },
  };
}

/** The scalars of one parameter's update. */
interface Constants {
  readonly keep1: tf.Scalar;
  readonly take1: tf.Scalar;
  readonly keep2: tf.Scalar;
  readonly take2: tf.Scalar;
  /** Absent where nothing is taken off. */
  readonly decay: tf.Scalar | undefined;
  readonly step: tf.Scalar;
  readonly epsilon: tf.Scalar;
}

function checked({ betas = [0.9, 0.999], epsilon = 1e-8, weightDecay = 0.01 }: AdamWOptions): Required<AdamWOptions> {
  if (betas.length !== 2 || !betas.every((beta) => beta >= 0 && beta < 1)) refuse("betas", betas, "two numbers from 0 to less than 1");
  if (!(epsilon > 0)) refuse("epsilon", epsilon, "a number above 0");
  if (!(weightDecay >= 0)) refuse("weightDecay", weightDecay, "a number from 0");
  return { betas, epsilon, weightDecay };
}
