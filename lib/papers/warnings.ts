import { delaysOf, type Delay } from "./delays.ts";
import { defaultPreset } from "./detectors.ts";
import type { Experiment } from "./experiment.ts";

/** What is odd about a training, and yet may be meant: it is told, and nothing is refused. */
export function warnings(experiment: Pick<Experiment, "detector" | "training" | "method">): string[] {
  const { detector: { kind = "retinanet", preset }, training: { iterations, learningRate: { base, warmup = 0 } } } = experiment;
  const silent = preset === undefined ? [`detector.preset is left out: ${kind} is its "${defaultPreset}" one, a small network for trying out`] : [];
  const cold = warmup < iterations ? [] : [`training.learningRate.warmup is ${warmup} and training.iterations ${iterations}: the learning rate never reaches ${base}. Train longer, or set the warm-up to a tenth of the iterations`];
  return [...silent, ...cold, ...lateMethod(experiment)];
}

/** What holds a method back longer than it lasts. */
function lateMethod({ training: { iterations }, method }: Pick<Experiment, "training" | "method">): string[] {
  const { until = Infinity } = method ?? {};
  const last = Math.min(iterations, until);
  const end = until < iterations ? `method.until ${until}` : `training.iterations ${iterations}`;
  return delaysOf({ method }).filter((delay) => delay.until >= last).map((delay) => `${delay.setting} is ${delay.until} and ${end}: ${consequence(method!.name, delay, last)}. Train longer, or set ${delay.setting} lower`);
}

function consequence(name: string, { kind, until }: Delay, last: number): string {
  return kind === "start" ? `the student never learns from ${name}` : `${name} reaches at most ${Math.floor((100 * (last - 1)) / until)} % of its weight`;
}
