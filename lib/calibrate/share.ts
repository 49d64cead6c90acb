import type { Step } from "../train/step.ts";

/** The numbers of a training step that calibration looks at. */
export type ShareStep = Pick<Step, "total" | "distillShare" | "lambda" | "weighted">;

/**
 * Mean over iterations of λ·L_distill / L_total: what SSSD section 3.2 equalises between LGD and SSSD.
 * @throws RangeError without steps
 */
export function meanShare(steps: readonly Pick<Step, "distillShare">[]): number {
  if (steps.length === 0) throw new RangeError("a mean share needs at least one step");
  return steps.reduce((sum, { distillShare }) => sum + distillShare, 0) / steps.length;
}

/**
 * The λ at which a run's mean losses would give a share: share = λd / (λd + D), with d the mean unweighted distillation
 * loss and D the mean of everything else, so λ = s/(1−s) · D/d. Exact while d and D do not depend on λ, which holds as
 * long as the student does not see the distillation gradient.
 * @param steps of one run at any λ > 0
 * @param share in (0, 1)
 */
export function oneRunEstimate(steps: readonly ShareStep[], share: number): number {
  assertShare(share);
  const distill = mean(steps.map(({ distillShare, total, lambda }) => (distillShare * total) / lambda));
  const rest = mean(steps.map(({ distillShare, total }) => (1 - distillShare) * total));
  return (share / (1 - share)) * (rest / distill);
}

/** As `oneRunEstimate`, for a distance that was only observed: its unweighted values, one per step. */
export function observedEstimate(steps: readonly ShareStep[], observed: readonly number[], share: number): number {
  assertShare(share);
  if (observed.length !== steps.length) throw new RangeError(`${observed.length} observations for ${steps.length} steps`);
  return (share / (1 - share)) * (mean(steps.map(({ distillShare, total }) => (1 - distillShare) * total)) / mean(observed));
}

/**
 * One secant step on the logit scale, where share(λ) has slope 1 as long as the losses do not depend on λ.
 * @returns the λ to try next after seeing `share` at `lambda`
 */
export function nextByLogit({ lambda, share }: { readonly lambda: number; readonly share: number }, target: number): number {
  assertShare(target);
  return lambda * Math.exp(logit(target) - logit(share));
}

function logit(share: number): number {
  return Math.log(share / (1 - share));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function assertShare(share: number): void {
  if (!(share > 0 && share < 1)) throw new RangeError(`a share lies strictly between 0 and 1, received ${share}`);
}
