/** What one training iteration did; all numbers are finite. */
export interface Step {
  /** From 0. */
  readonly iteration: number;
  /** Iterations of the whole run. */
  readonly iterations: number;
  /** Unweighted losses by name: the detector's own, `teacher.…` on label-enhanced features, `distill`. */
  readonly losses: Readonly<Record<string, number>>;
  /** weight · loss by name; they sum to `total`. */
  readonly weighted: Readonly<Record<string, number>>;
  /** What was minimised. */
  readonly total: number;
  /** weighted / total by name. */
  readonly shares: Readonly<Record<string, number>>;
  /** Σ of the weighted distillation terms / total: the paper's λL_distill / L_total. */
  readonly distillShare: number;
  /** λ of the distillation term at this iteration; 0 without a method. */
  readonly lambda: number;
  /** Values that were only observed, by name; absent when nothing was. */
  readonly observed?: Readonly<Record<string, number>>;
  /** Learning rate by parameter group. */
  readonly learningRates: Readonly<Record<string, number>>;
  /** L2 norm over all trained parameters' gradients, before clipping. */
  readonly gradientNorm: number;
  readonly imagesPerSecond: number;
  /** Wall-clock of the step, waiting for data included. */
  readonly seconds: number;
  /** Live TensorFlow.js tensors after the step: constant, or something leaks. */
  readonly tensors: number;
}

/** A loss that is not a number or infinite stops the training before it touches the weights. */
export class NonFiniteLossError extends Error {
  override name = "NonFiniteLossError";
}

/** @throws NonFiniteLossError naming the terms and their values */
export function assertFinite(losses: Readonly<Record<string, number>>, iteration: number): void {
  const bad = Object.entries(losses).filter(([, value]) => !Number.isFinite(value));
  if (bad.length === 0) return;
  const all = Object.entries(losses).map(([name, value]) => `${name} = ${value}`).join(", ");
  throw new NonFiniteLossError(`non-finite loss at iteration ${iteration}: ${bad.map(([name]) => name).join(", ")} (${all}). Lower the learning rate, lengthen the warm-up or clip the gradients.`);
}
