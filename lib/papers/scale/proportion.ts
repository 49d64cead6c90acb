import type { MethodSpec } from "../method.ts";

/** Options of methods that count iterations. */
const counted: readonly string[] = ["distillFrom", "distillUntil", "distanceFrom", "distanceUntil"];

export interface Proportion {
  /** Iterations here by the origin's. */
  readonly length: number;
  /** The learning rate's warm-up here by the origin's: a method's own (FRS, equally long there) goes with it. */
  readonly warmup: number;
}

/**
 * A method whose phases are those of another length of training: every iteration that it names, times a factor, rounded.
 * Weights stay.
 */
export function inProportion(method: MethodSpec, factors: Proportion): MethodSpec {
  const at = (iteration: number) => Math.round(iteration * factors.length);
  const { lambda, ramp, from, until, options } = method;
  const moved = Object.entries(options ?? {}).map(([key, value]) => {
    if (typeof value !== "number") return [key, value as unknown] as const;
    return [key, counted.includes(key) ? at(value) : key === "warmup" ? Math.round(value * factors.warmup) : value] as const;
  });
  return {
    ...method,
    ...(lambda && { lambda: lambda.map(([start, value]) => [at(start), value] as const) }),
    ...(ramp !== undefined && { ramp: at(ramp) }),
    ...(from !== undefined && { from: at(from) }),
    ...(until !== undefined && { until: at(until) }),
    ...(options && { options: Object.fromEntries(moved) }),
  };
}
