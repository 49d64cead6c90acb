import type { Experiment } from "../../lib/papers/experiment.ts";
import type { PlannedRun } from "../../lib/papers/plan.ts";
import type { WeightsSpec } from "../../lib/papers/weights.ts";

/** The weights that runs start from or learn from, each once. */
export function weightsOf(planned: readonly Pick<PlannedRun, "experiment">[]): (string | WeightsSpec)[] {
  const all = planned.flatMap(({ experiment: { weights, teacher } }: { readonly experiment: Experiment }) => [weights, teacher?.weights]);
  return [...new Map(all.flatMap((one) => (one === undefined ? [] : [[typeof one === "string" ? one : one.from, one] as const]))).values()];
}
