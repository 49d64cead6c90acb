import { nextByLogit } from "./share.ts";
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
}

/**
 * A faster estimate than bisection: steps on the logit scale, on which the share is close to a line of slope 1.
 * Yields each probe; the last one is the estimate.
 * @throws RangeError when it has not come within the tolerance after `maxProbes`
 */
export async function* secantLambda({ probe, target, start = 1, tolerance = 0.005, maxProbes = 6 }: SecantOptions): AsyncGenerator<Probe, void> {
  let lambda = start;
  for (let i = 0; i < maxProbes; i++) {
    const found = { lambda, share: await probe(lambda) };
    yield found;
    if (Math.abs(found.share - target) <= tolerance) return;
    lambda = nextByLogit(found, target);
  }
  throw new RangeError(`no λ within ${tolerance} of the share ${target} after ${maxProbes} probes; the next one would be ${lambda.toPrecision(6)}`);
}
