import type { Distiller } from "../distill/index.ts";
import { withoutTape } from "../tensor/stop-gradient.ts";
import { mean } from "../statistics/mean.ts";
import type { Step } from "../train/step.ts";
import type { Delay } from "./delays.ts";

/** A term's share of the loss once nothing holds its method back any more. */
export interface FullShares {
  readonly terms: Readonly<Record<string, number>>;
  /** What holds it back until then. */
  readonly delays: readonly Delay[];
}

/** Watches what a method's terms would weigh at a later iteration, on the same batches and maps; no gradient changes by that. */
export interface FullWeight {
  readonly around: (distiller: Distiller) => Distiller;
  /** Of the steps that were made, mean of each term's share. */
  shares(steps: readonly Step[]): Readonly<Record<string, number>>;
}

type Weights = Readonly<Record<string, number>>;

/** @param iteration at which the method has its full weight */
export function fullWeight(iteration: number): FullWeight {
  const seen: Weights[] = [];
  return {
    around: (distiller) => ({
      ...distiller,
      loss: (student, hints, batch, context) => {
        withoutTape(() => { seen.push(weightsOf(distiller.loss(student, hints, batch, { ...context, iteration }))); });
        return distiller.loss(student, hints, batch, context);
      },
    }),
    shares: (steps) => means(steps.map((step, i) => sharesOf(step, seen[i]))),
  };
}

function weightsOf(terms: ReturnType<Distiller["loss"]>): Weights {
  return Object.fromEntries(Object.entries(terms).filter(([, { kind }]) => kind === "distillation").map(([name, { value, weight }]) => [name, weight * value.dataSync()[0]]));
}

function sharesOf({ total, distillShare }: Step, weights: Weights): Weights {
  const whole = total * (1 - distillShare) + Object.values(weights).reduce((sum, value) => sum + value, 0);
  return Object.fromEntries(Object.entries(weights).map(([name, value]) => [name, value / whole]));
}

function means(list: readonly Weights[]): Weights {
  return Object.fromEntries(Object.keys(list[0] ?? {}).map((name) => [name, mean(list.map((one) => one[name]))]));
}
