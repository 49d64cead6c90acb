import type { Parameter, ParameterGroup } from "../detector/detector.ts";
import { refuse } from "./refuse.ts";
import type { Schedule } from "./schedule.ts";

/** What differs between parameters. */
export interface RuleOptions {
  /** Multiplies the learning rate of a group; default 1. */
  readonly groupFactors?: Partial<Readonly<Record<ParameterGroup, number>>>;
  /** The group is not trained before this iteration (LGD freezes the backbone for the first part); default 0. */
  readonly frozenUntil?: Partial<Readonly<Record<ParameterGroup, number>>>;
  /** Factors of learning rate and weight decay for biases of convolutions and linear layers (mmcv's `paramwise_cfg`); default 1 and 1. */
  readonly biases?: { readonly learningRate?: number; readonly weightDecay?: number };
  /** Factor of the weight decay for scale and shift of norms; default 1. */
  readonly norms?: { readonly weightDecay?: number };
}

export interface ParameterRules {
  /** Learning rate of a group; 0 while it is frozen. */
  rate(group: ParameterGroup, iteration: number): number;
  /** First iteration that trains a group. */
  startOf(group: ParameterGroup): number;
  rateFactor(parameter: Pick<Parameter, "role">): number;
  decayFactor(parameter: Pick<Parameter, "role">): number;
}

const groups = ["backbone", "neck", "head", "distill"] as const satisfies readonly ParameterGroup[];

/** @throws RangeError naming the factor that is out of range, or that nobody reads */
export function parameterRules({ learningRate, groupFactors = {}, frozenUntil = {}, biases = {}, norms = {} }: RuleOptions & { readonly learningRate: Schedule }): ParameterRules {
  const known: Readonly<Record<string, readonly string[]>> = { groupFactors: groups, frozenUntil: groups, biases: ["learningRate", "weightDecay"], norms: ["weightDecay"] };
  for (const [name, values] of Object.entries({ groupFactors, frozenUntil, biases, norms })) {
    for (const key of Object.keys(values)) if (!known[name].includes(key)) refuse(name, values, `a record of ${known[name].join(", ")}: there is no "${key}"`);
  }
  const factors = { ...prefixed("groupFactors", groupFactors), ...prefixed("frozenUntil", frozenUntil), ...prefixed("biases", biases), ...prefixed("norms", norms) };
  for (const [name, value] of Object.entries(factors)) if (typeof value !== "number" || !(value >= 0)) refuse(name, value, "a number from 0");
  const startOf = (group: ParameterGroup) => frozenUntil[group] ?? 0;
  return {
    startOf,
    rate: (group, iteration) => (iteration < startOf(group) ? 0 : learningRate(iteration) * (groupFactors[group] ?? 1)),
    rateFactor: ({ role }) => (role === "bias" ? biases.learningRate ?? 1 : 1),
    decayFactor: ({ role }) => (role === "bias" ? biases.weightDecay ?? 1 : role === "norm" ? norms.weightDecay ?? 1 : 1),
  };
}

function prefixed(name: string, values: Readonly<Record<string, number | undefined>>): Record<string, number> {
  return Object.fromEntries(Object.entries(values).flatMap(([key, value]) => (value === undefined ? [] : [[`${name}.${key}`, value]])));
}
