import { experimentSteps } from "../../../lib/papers/build.ts";
import type { Experiment } from "../../../lib/papers/experiment.ts";
import type { Dataset } from "../../../lib/data/dataset.ts";
import type { Step } from "../../../lib/train/step.ts";

type Run = NonNullable<NonNullable<Experiment["teacher"]>["run"]>;

const batchSize = 4;

/** The same training with two steps of four images, and so all trainings it builds on. */
export function short(experiment: Experiment): Experiment {
  const { teacher, encoder, method, training } = experiment;
  const { frozenUntil: _, ...settings } = training;
  const other = (run: Run): Run => (typeof run === "string" ? run : { ...run, experiment: short(run.experiment) });
  return {
    ...experiment,
    data: { ...experiment.data, batchSize },
    training: { ...settings, iterations: 2, learningRate: { base: training.learningRate.base } },
    ...(method && { method: method.name === "semckd" ? { ...method, options: { ...method.options, batch: batchSize } } : method }),
    ...(teacher?.run && { teacher: { ...teacher, run: other(teacher.run) } }),
    ...(encoder && { encoder: { ...encoder, run: other(encoder.run) } }),
  };
}

/** Runs a training, after those it builds on. */
export async function train(experiment: Experiment, options: { readonly dataset: Dataset; readonly seed: number; readonly runs: string }): Promise<Step[]> {
  for (const run of [experiment.teacher?.run, experiment.encoder?.run]) if (typeof run === "object") await train(run.experiment, { ...options, seed: run.seed ?? 0 });
  const steps: Step[] = [];
  for await (const step of experimentSteps(experiment, options)) steps.push(step);
  return steps;
}
