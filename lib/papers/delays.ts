import { frsWarmup } from "../distill/frs.ts";
import { labelEncDistanceFrom } from "../distill/labelenc.ts";
import type { Experiment } from "./experiment.ts";
import type { MethodSpec } from "./method.ts";

/** Something that keeps a method from its full weight during the first iterations. */
export interface Delay {
  /** Where it is set, as a configuration names it. */
  readonly setting: string;
  /** `rise`: the weight grows from 0 meanwhile; `start`: it is 0, or does not reach the student. */
  readonly kind: "rise" | "start";
  /** The first iteration at which it is over. */
  readonly until: number;
}

/** What lies between a method's first iteration and its full weight, whether it is said or the method's own default. */
export function delaysOf({ method }: Pick<Experiment, "method">): Delay[] {
  if (method === undefined) return [];
  const { from = 0, ramp = 0, lambda = [] } = method;
  const all: Delay[] = [
    { setting: "method.lambda", kind: "start", until: lambda.find(([, value]) => value !== 0)?.[0] ?? 0 },
    { setting: "method.from", kind: "start", until: from },
    { setting: "method.ramp", kind: "rise", until: ramp },
    ...ownDelays(method),
  ];
  return all.filter(({ until }) => until > 0);
}

/** Of the methods' own options. */
function ownDelays(method: MethodSpec): Delay[] {
  switch (method.name) {
    case "frs": return [{ setting: "method.options.warmup", kind: "rise", until: method.options?.warmup ?? frsWarmup }];
    case "labelEnc": return method.options?.step === 1 ? [{ setting: "method.options.distanceFrom", kind: "start", until: method.options.distanceFrom ?? labelEncDistanceFrom }] : [];
    case "lgd":
    case "sssd": return [{ setting: "method.options.distillFrom", kind: "start", until: method.options?.distillFrom ?? 0 }];
    default: return [];
  }
}
