import type { Experiment } from "./experiment.ts";

/** What is odd about a training, and yet may be meant: it is told, and nothing is refused. */
export function warnings({ training: { iterations, learningRate: { base, warmup = 0 } } }: Pick<Experiment, "training">): string[] {
  if (warmup < iterations) return [];
  return [`training.learningRate.warmup is ${warmup} and training.iterations ${iterations}: the learning rate never reaches ${base}. Train longer, or set the warm-up to a tenth of the iterations`];
}
