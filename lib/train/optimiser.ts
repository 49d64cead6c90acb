import * as tf from "@tensorflow/tfjs-core";
import type { Parameter, ParameterGroup } from "../detector/detector.ts";
import { adamW, type AdamWOptions } from "./adamw.ts";
import { clipping, type ClipOptions } from "./clip.ts";
import { halfSquares, momentumSgd, type MomentumOptions } from "./momentum.ts";
import { refuse } from "./refuse.ts";
import { parameterRules, type RuleOptions } from "./rules.ts";
import type { Schedule } from "./schedule.ts";
import type { UpdateRule } from "./update.ts";

export interface CommonOptimiserOptions extends ClipOptions, RuleOptions {
  /** Learning rate of groups without a factor of their own, by iteration. */
  readonly learningRate: Schedule;
}

export interface SgdOptions extends CommonOptimiserOptions, MomentumOptions {
  readonly kind?: "sgd";
}

export interface AdamWOptimiserOptions extends CommonOptimiserOptions, AdamWOptions {
  readonly kind: "adamw";
}

/** Default `kind`: SGD with momentum. */
export type OptimiserOptions = SgdOptions | AdamWOptimiserOptions;

/** What changes the parameters, in PyTorch's conventions. */
export interface Optimiser {
  /** The parameters that this iteration trains. */
  trained(iteration: number): readonly Parameter[];
  /** Learning rates by group at this iteration, biases' factor apart; 0 while a group is frozen. */
  learningRates(iteration: number): Readonly<Record<string, number>>;
  /** L2 norm [scalar] of gradients as they come, for reporting and for `apply`. */
  norm(gradients: readonly (tf.Tensor | null)[]): tf.Scalar;
  /**
   * Updates `trained(iteration)` in that order. All new values exist before the first is assigned: an interrupt loses none.
   * @param gradientNorm what `norm` said of these gradients; computed anew when it is needed and left out
   */
  apply(gradients: readonly (tf.Tensor | null)[], iteration: number, gradientNorm?: number): void;
  /** What a checkpoint must hold beside the parameters: `velocity/<parameter>`; of AdamW `mean/…`, `square/…` and `updates`. */
  state(): ReadonlyMap<string, tf.Variable>;
  dispose(): void;
}

/**
 * @param parameters of the detector and the method; frozen ones are left alone. Buffers are owned by the optimiser.
 * @throws Error when two parameters share a name; RangeError for options out of their range
 */
export function optimiser(parameters: readonly Parameter[], options: OptimiserOptions): Optimiser {
  const trainable = parameters.filter((parameter) => !parameter.frozen);
  const names = new Set(trainable.map((parameter) => parameter.name));
  if (names.size !== trainable.length) throw new Error(`two parameters share a name: ${duplicates(trainable).join(", ")}`);
  const kinds: readonly unknown[] = [undefined, "sgd", "adamw"];
  if (!kinds.includes(options.kind)) refuse("kind", options.kind, "\"sgd\" or \"adamw\"");
  const clip = clipping(options);
  const rules = parameterRules(options);
  const rule: UpdateRule = options.kind === "adamw" ? adamW(trainable, options) : momentumSgd(trainable, options);
  const trained = (iteration: number) => trainable.filter(({ group }) => iteration >= rules.startOf(group));
  const norm: Optimiser["norm"] = (gradients) => tf.tidy(() => {
    const squares = gradients.flatMap((gradient) => (gradient === null ? [] : [halfSquares(gradient)]));
    return squares.length === 0 ? tf.scalar(0) : tf.sqrt<tf.Scalar>(tf.mul(tf.addN(squares), 2));
  });
  return {
    trained,
    norm,
    learningRates: (iteration) => {
      const groups = [...new Set(trainable.map(({ group }) => group))];
      return Object.fromEntries(groups.map((group: ParameterGroup) => [group, rules.rate(group, iteration)]));
    },
    apply: (gradients, iteration, gradientNorm) => {
      tf.tidy(() => {
        const clipped = clip(() => gradientNorm ?? norm(gradients).dataSync<"float32">()[0]);
        const jobs = trained(iteration).flatMap((parameter, i) => {
          const gradient = gradients[i];
          return gradient === null ? [] : [{ parameter, gradient, rate: rules.rate(parameter.group, iteration) * rules.rateFactor(parameter), decayFactor: rules.decayFactor(parameter) }];
        });
        rule.update(jobs, clipped);
      });
    },
    state: () => rule.state,
    dispose: () => { for (const variable of rule.state.values()) variable.dispose(); },
  };
}

function duplicates(parameters: readonly Parameter[]): string[] {
  const seen = new Set<string>();
  return parameters.filter(({ name }) => seen.has(name) || !seen.add(name)).map(({ name }) => name);
}
