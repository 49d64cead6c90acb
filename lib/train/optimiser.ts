import * as tf from "@tensorflow/tfjs-core";
import type { Parameter, ParameterGroup } from "../detector/detector.ts";
import { halfSquares, momentumUpdate } from "./momentum.ts";
import type { Schedule } from "./schedule.ts";

export interface SgdOptions {
  /** Learning rate of groups without a factor of their own, by iteration. */
  readonly learningRate: Schedule;
  /** Default 0.9. */
  readonly momentum?: number;
  /** L2 penalty added to the gradient, on every trained parameter (norms too, as LGD's configs); default 1e-4. */
  readonly weightDecay?: number;
  /** Gradients are clipped element by element to ±this before weight decay (detectron2's CLIP_TYPE value); default none. */
  readonly clipValue?: number;
  /** Multiplies the learning rate of a group; default 1. */
  readonly groupFactors?: Partial<Readonly<Record<ParameterGroup, number>>>;
  /** The group is not trained before this iteration (LGD freezes the backbone for the first part); default 0. */
  readonly frozenUntil?: Partial<Readonly<Record<ParameterGroup, number>>>;
}

/** Stochastic gradient descent with momentum, in PyTorch's convention: v ← μv + (g + wd·w), w ← w − lr·v. */
export interface Sgd {
  /** The parameters that this iteration trains. */
  trained(iteration: number): readonly Parameter[];
  /** Learning rates by group at this iteration; 0 while a group is frozen. */
  learningRates(iteration: number): Readonly<Record<string, number>>;
  /** L2 norm [scalar] of gradients as they come, for reporting. */
  norm(gradients: readonly (tf.Tensor | null)[]): tf.Scalar;
  /** Updates `trained(iteration)` in that order. All new values exist before the first is assigned: an interrupt loses none. */
  apply(gradients: readonly (tf.Tensor | null)[], iteration: number): void;
  /** Momentum buffers by parameter name: what a checkpoint must hold beside the parameters. */
  state(): ReadonlyMap<string, tf.Variable>;
  dispose(): void;
}

/**
 * @param parameters of the detector and the method; frozen ones are left alone. Buffers are owned by the optimiser.
 * @throws Error when two parameters share a name
 */
export function sgd(parameters: readonly Parameter[], options: SgdOptions): Sgd {
  const { learningRate, momentum = 0.9, weightDecay = 1e-4, clipValue, groupFactors = {}, frozenUntil = {} } = options;
  const trainable = parameters.filter((parameter) => !parameter.frozen);
  const names = new Set(trainable.map((parameter) => parameter.name));
  if (names.size !== trainable.length) throw new Error(`two parameters share a name: ${duplicates(trainable).join(", ")}`);
  const velocity = new Map(trainable.map(({ name, variable }) => [name, tf.tidy(() => tf.variable(tf.zerosLike(variable), false))]));
  const rate = (group: ParameterGroup, iteration: number) =>
    iteration < (frozenUntil[group] ?? 0) ? 0 : learningRate(iteration) * (groupFactors[group] ?? 1);
  const trained = (iteration: number) => trainable.filter(({ group }) => iteration >= (frozenUntil[group] ?? 0));

  /** The scalars of one iteration, a rate per group; inside a tidy. */
  const scalarsAt = (iteration: number) => {
    const shared = {
      momentum: tf.scalar(momentum),
      ...(weightDecay !== 0 && { decay: tf.scalar(weightDecay) }),
      ...(clipValue !== undefined && { limits: [tf.scalar(-clipValue), tf.scalar(clipValue)] as const }),
    };
    const rates = new Map(trainable.map(({ group }) => [group, rate(group, iteration)]));
    return new Map([...rates].map(([group, value]) => [group, { ...shared, rate: tf.scalar(value) }]));
  };

  return {
    trained,
    learningRates: (iteration) => Object.fromEntries([...new Set(trainable.map(({ group }) => group))].map((group) => [group, rate(group, iteration)])),
    norm: (gradients) => tf.tidy(() => {
      const squares = gradients.flatMap((gradient) => (gradient === null ? [] : [halfSquares(gradient)]));
      return squares.length === 0 ? tf.scalar(0) : tf.sqrt<tf.Scalar>(tf.mul(tf.addN(squares), 2));
    }),
    apply: (gradients, iteration) => {
      tf.tidy(() => {
        const now = trained(iteration);
        const scalars = scalarsAt(iteration);
        const updates = now.map(({ name, variable, group }, i) => {
          const gradient = gradients[i];
          return gradient === null ? undefined : tf.tidy(() => momentumUpdate(variable, velocity.get(name)!, gradient, scalars.get(group)!));
        });
        updates.forEach((pair, i) => {
          if (pair === undefined) return;
          now[i].variable.assign(pair[0]);
          velocity.get(now[i].name)!.assign(pair[1]);
        });
      });
    },
    state: () => velocity,
    dispose: () => { for (const variable of velocity.values()) variable.dispose(); },
  };
}

function duplicates(parameters: readonly Parameter[]): string[] {
  const seen = new Set<string>();
  return parameters.filter(({ name }) => seen.has(name) || !seen.add(name)).map(({ name }) => name);
}
