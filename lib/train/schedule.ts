import type { Schedule } from "../distill/distiller.ts";

export type { Schedule } from "../distill/distiller.ts";

/** The same value at every iteration. */
export function constant(value: number): Schedule {
  return () => value;
}

/**
 * A step function of the iteration: the value of the last entry whose start has been reached.
 * SSSD section 2.2: `stepwise([[0, λ1], [120_000, λ2]])` is λ1 at 119,999 and λ2 at 120,000.
 * @param entries [first iteration, value] with strictly ascending starts, the first of them 0
 * @throws RangeError when the starts are not ascending from 0
 */
export function stepwise(entries: readonly (readonly [number, number])[]): Schedule {
  const ascending = entries.every(([start], i) => (i === 0 ? start === 0 : start > entries[i - 1][0]));
  if (entries.length === 0 || !ascending) {
    throw new RangeError(`a step function needs ascending starts from 0, received [${entries.map(([start]) => start).join(", ")}]`);
  }
  return (iteration) => entries.findLast(([start]) => iteration >= start)![1];
}

/**
 * Linear from 0 at the first iteration to 1: min(1, iteration / iterations), as FRS's 500 iterations of warm-up.
 * @throws RangeError unless the length is a whole number from 0; 0 is 1 throughout
 */
export function ramp(iterations: number): Schedule {
  requireIteration("ramp", iterations);
  return (iteration) => (iteration >= iterations ? 1 : iteration / iterations);
}

/** 1 before an iteration, 0 from it on: where distillation stops (LGD's POST_NONDISTILL, LabelEnc's second step). */
export function until(end: number): Schedule {
  requireIteration("until", end);
  return (iteration) => (iteration < end ? 1 : 0);
}

/** 0 before an iteration, 1 from it on: where distillation starts. */
export function from(start: number): Schedule {
  requireIteration("from", start);
  return (iteration) => (iteration >= start ? 1 : 0);
}

/** The product of schedules and numbers at every iteration: `product(75, ramp(500), until(120_000))`. Of nothing: 1. */
export function product(...factors: readonly (number | Schedule)[]): Schedule {
  for (const factor of factors) if (typeof factor !== "function" && !Number.isFinite(factor)) throw new RangeError(`product: a factor is ${String(factor)}; it must be a finite number or a function of the iteration`);
  return (iteration) => factors.reduce<number>((result, factor) => result * (typeof factor === "number" ? factor : factor(iteration)), 1);
}

function requireIteration(what: string, value: number): void {
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`${what}: the iteration is ${value}; it must be a whole number from 0`);
}

export interface LearningRateOptions {
  /** Learning rate after warm-up and before the first drop. */
  readonly base: number;
  /** Iterations of warm-up; default 0. */
  readonly warmup?: number;
  /** `linear`: from the factor up to `base` (default); `constant`: at the factor all the way (mmcv's FCOS). */
  readonly warmupKind?: "linear" | "constant";
  /** Fraction of `base` at iteration 0 of the warm-up; default 0.001 (detectron2's and mmdetection's). */
  readonly warmupFactor?: number;
  /** Iterations at which the rate is multiplied by `gamma`; default none. */
  readonly drops?: readonly number[];
  /** Default 0.1. */
  readonly gamma?: number;
}

/**
 * Warm-up, then steps: detectron2's WarmupMultiStepLR, mmcv's step policy.
 * @returns the learning rate as a function of the iteration from 0
 * @throws RangeError for values that make no schedule
 */
export function learningRate({ base, warmup = 0, warmupKind = "linear", warmupFactor = 0.001, drops = [], gamma = 0.1 }: LearningRateOptions): Schedule {
  for (const [name, value] of Object.entries({ base, warmup, warmupFactor, gamma })) if (typeof value !== "number" || !(value >= 0 && value < Infinity)) throw new RangeError(`learning rate: ${name} is ${typeof value === "string" ? JSON.stringify(value) : String(value)}; it must be a number from 0`);
  if (!Array.isArray(drops) || !drops.every((drop) => typeof drop === "number" && drop >= 0)) throw new RangeError(`learning rate: drops is ${JSON.stringify(drops)}; it must be a list of iterations from 0, as [8000, 11000]`);
  if (warmupKind !== "linear" && warmupKind !== "constant") throw new RangeError(`learning rate: warmupKind is ${JSON.stringify(warmupKind)}; it must be "linear" or "constant"`);
  if (warmupKind === "constant") return (iteration) => base * (iteration < warmup ? warmupFactor : 1) * dropped(iteration);
  return (iteration) => {
    const alpha = warmup > 0 ? Math.min(1, iteration / warmup) : 1;
    const ramp = warmupFactor * (1 - alpha) + alpha;
    return base * ramp * dropped(iteration);
  };

  function dropped(iteration: number): number {
    return gamma ** drops.filter((drop) => iteration >= drop).length;
  }
}
