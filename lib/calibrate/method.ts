import { experimentSteps, type ExperimentOptions } from "../papers/build.ts";
import type { Experiment } from "../papers/experiment.ts";
import type { Step } from "../train/step.ts";
import { secantLambda } from "./secant.ts";
import { searchLambda, type Probe, type SearchOptions } from "./search.ts";
import { meanShare } from "./share.ts";

export interface MethodCalibration extends ExperimentOptions {
  /** Mean share of the method's weighted terms in the total over the iterations, in (0, 1). */
  readonly target: number;
  /** First iterations whose share counts; default all of the experiment's. Their learning rates stay the experiment's. */
  readonly iterations?: number;
  /** First λ of the secant; default 1. */
  readonly start?: number;
  /** Default 0.005. */
  readonly tolerance?: number;
  readonly maxProbes?: number;
  /** Where λ may lie. */
  readonly interval?: readonly [number, number];
}

/** The first iterations of an experiment at a constant λ; ramps and stops are left out, so that the share is λ's own. */
export function atLambda(experiment: Experiment, lambda: number, iterations = experiment.training.iterations): Experiment {
  if (experiment.method === undefined) throw new Error(`${experiment.name} has no method to calibrate`);
  const { ramp: _ramp, from: _from, until: _until, ...method } = experiment.method;
  return { ...experiment, name: `${experiment.name}/calibration`, method: { ...method, lambda: [[0, lambda]] }, training: { ...experiment.training, iterations } };
}

function probeOf(experiment: Experiment, { target: _target, iterations, ...options }: MethodCalibration): (lambda: number) => Promise<number> {
  return async (lambda) => {
    const steps: Step[] = [];
    for await (const step of experimentSteps(atLambda(experiment, lambda, iterations), { keepWeights: false, ...options })) steps.push(step);
    return meanShare(steps);
  };
}

/**
 * Finds any method's λ by SSSD's share rule (section 3.2): the one at which the mean of λL_distill / L_total over the first
 * iterations equals a target. Secant steps on the logit scale: one probe is enough as long as the student does not yet feel
 * the method. Every probe is a run of its own, kept and never done twice; the last one yielded is the answer.
 * @throws RangeError when no λ comes within the tolerance, TargetOutsideError when it would leave the interval
 */
export function calibrateMethod(experiment: Experiment, options: MethodCalibration): AsyncGenerator<Probe, void> {
  const { target, start = 1, tolerance, maxProbes, interval } = options;
  return secantLambda({
    probe: probeOf(experiment, options), target, start,
    ...(tolerance !== undefined && { tolerance }), ...(maxProbes !== undefined && { maxProbes }), ...(interval && { interval }),
  });
}

/** The same by the paper's binary search. */
export function searchMethod(experiment: Experiment, options: MethodCalibration, search: Partial<Omit<SearchOptions, "probe" | "target">> = {}): ReturnType<typeof searchLambda> {
  return searchLambda({ ...search, target: options.target, probe: probeOf(experiment, options) });
}

/**
 * Every term's own weight by the same rule, from one run: w_k = s_k / (1 − Σs) · D / d_k, d_k being the mean unweighted term and
 * D the mean of all that is not named. Exact while the losses do not depend on the weights.
 * @param shares wanted share by term (`distill.feature`), each above 0 and below 1 together
 * @throws RangeError for other shares, terms that are not there, or terms that are 0 throughout
 */
export function weightsForShares(steps: readonly Pick<Step, "losses" | "weighted">[], shares: Readonly<Record<string, number>>): Record<string, number> {
  const names = Object.keys(shares);
  const sum = names.reduce((total, name) => total + shares[name], 0);
  if (steps.length === 0 || names.length === 0) throw new RangeError("weights by share need at least one step and one term");
  if (!(sum < 1) || names.some((name) => !(shares[name] > 0))) throw new RangeError(`shares must be above 0 and together below 1, received ${JSON.stringify(shares)}`);
  const mean = (of: (step: Pick<Step, "losses" | "weighted">) => number) => steps.reduce((total, step) => total + of(step), 0) / steps.length;
  const rest = mean(({ weighted }) => Object.entries(weighted).reduce((total, [name, value]) => total + (names.includes(name) ? 0 : value), 0));
  return Object.fromEntries(names.map((name) => {
    const term = mean(({ losses }) => losses[name]);
    if (!(term > 0)) throw new RangeError(`the term ${name} is ${term} on average: no weight gives it a share. Terms: ${Object.keys(steps[0].losses).join(", ")}`);
    return [name, (shares[name] / (1 - sum)) * (rest / term)];
  }));
}
