import { canonical, type Experiment } from "./experiment.ts";
import type { PlannedRun } from "./plan.ts";

/** What an iteration of a training has taken. */
export interface Timing {
  readonly experiment: Experiment;
  readonly secondsPerIteration: number;
}

/** What makes trainings alike, the most telling first. */
const likenesses: readonly ((experiment: Experiment) => string)[] = [
  ({ name: _, training: { iterations: _n, ...training }, ...rest }) => canonical({ ...rest, training }),
  ({ detector, method, data: { batchSize } }) => canonical({ detector, method: method?.name, batchSize }),
  ({ detector, data: { batchSize } }) => canonical({ detector, batchSize }),
  ({ detector }) => canonical(detector.kind ?? "retinanet"),
  () => "",
];

const keys = new WeakMap<Experiment, readonly string[]>();

/** Of each likeness; a progress line asks at every iteration of everything that is still to come. */
function keysOf(experiment: Experiment): readonly string[] {
  const found = keys.get(experiment) ?? likenesses.map((likeness) => likeness(experiment));
  keys.set(experiment, found);
  return found;
}

/** Seconds per iteration of a training, from measured ones: the mean of those that are most like it. Undefined without any. */
export function secondsPerIteration(experiment: Experiment, known: readonly Timing[]): number | undefined {
  for (const [i, key] of keysOf(experiment).entries()) {
    const alike = known.filter((one) => keysOf(one.experiment)[i] === key);
    if (alike.length > 0) return alike.reduce((sum, one) => sum + one.secondsPerIteration, 0) / alike.length;
  }
  return undefined;
}

/** Seconds until these runs are trained, one after the other; undefined as long as nothing has been measured. */
export function secondsLeft(runs: readonly (Pick<PlannedRun, "experiment"> & { readonly iteration?: number })[], known: readonly Timing[]): number | undefined {
  const each = runs.map(({ experiment, iteration = 0 }) => {
    const seconds = secondsPerIteration(experiment, known);
    return seconds === undefined ? undefined : seconds * Math.max(0, experiment.training.iterations - iteration);
  });
  return each.includes(undefined) ? undefined : each.reduce<number>((sum, seconds) => sum + seconds!, 0);
}
