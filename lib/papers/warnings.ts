import { defaultPreset } from "./detectors.ts";
import type { Experiment } from "./experiment.ts";

/** What is odd about a training, and yet may be meant: it is told, and nothing is refused. */
export function warnings({ detector: { kind = "retinanet", preset }, training: { iterations, learningRate: { base, warmup = 0 } } }: Pick<Experiment, "detector" | "training">): string[] {
  const silent = preset === undefined ? [`detector.preset is left out: ${kind} is its "${defaultPreset}" one, a small network for trying out`] : [];
  if (warmup < iterations) return silent;
  return [...silent, `training.learningRate.warmup is ${warmup} and training.iterations ${iterations}: the learning rate never reaches ${base}. Train longer, or set the warm-up to a tenth of the iterations`];
}
