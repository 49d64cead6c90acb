import { nextByLogit } from "./share.ts";
import { TargetOutsideError } from "./search.ts";
import type { Probe } from "./search.ts";

export interface SecantOptions {
  readonly probe: (lambda: number) => Promise<number>;
  readonly target: number;
  /** First λ; default 1. */
  readonly start?: number;
  /** Ends when the share is this close to the target; default 0.005. */
  readonly tolerance?: number;
  /** Default 6. */
  readonly maxProbes?: number;
  /** Where λ may lie; default anywhere above 0. */
  readonly interval?: readonly [number, number];
}

/**
 * A faster estimate than bisection: steps on the logit scale, on which the share is close to a line of slope 1.
 * Yields each probe; the last one is the estimate.
 * @throws RangeError when it has not come within the tolerance after `maxProbes`
 * @throws TargetOutsideError when it wants to leave the interval
 */
export async function* secantLambda({ probe, target, start = 1, tolerance = 0.005, maxProbes = 6, interval = [0, Infinity] }: SecantOptions): AsyncGenerator<Probe, void> {
  let lambda = start;
  for (let i = 0; i < maxProbes; i++) {
    const found = { lambda, share: await probe(lambda) };
    yield found;
    if (Math.abs(found.share - target) <= tolerance) return;
    lambda = nextByLogit(found, target);
    if (lambda < interval[0] || lambda > interval[1]) {
      throw new TargetOutsideError(`the share ${target.toFixed(4)} wants λ ≈ ${lambda.toPrecision(4)}, outside [${interval.join(", ")}] (λ = ${found.lambda} gives ${found.share.toFixed(4)}). Widen the interval`);
    }
  }
  throw new RangeError(`no λ within ${tolerance} of the share ${target} after ${maxProbes} probes; the next one would be ${lambda.toPrecision(6)}`);
}
