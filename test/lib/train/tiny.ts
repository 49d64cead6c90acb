import { syntheticScenes } from "../../../lib/data/synthetic.ts";
import type { Experiment } from "../../../lib/papers/experiment.ts";

/** A dataset and a network so small that a step takes a few hundredths of a second. */
export const tinyScenes = (images = 12) => syntheticScenes({ images, size: 64, seed: 5 });

export function tinyExperiment(iterations: number, changes: Partial<Experiment> = {}): Experiment {
  return {
    name: "test/tiny",
    detector: { preset: "tiny", channels: 8, backbone: { name: "tiny-4" }, head: { norm: { kind: "group", groups: 2 } } },
    method: { name: "sssd", options: { heads: 2, distillFrom: 3 }, lambda: [[0, 5], [4, 8]] },
    data: { transforms: { flip: 0.5, normalise: "simple" }, batchSize: 2 },
    training: { iterations, learningRate: { base: 0.01, warmup: 4 }, momentum: 0.9, weightDecay: 1e-4, clipValue: 1, frozenUntil: { backbone: 2 } },
    ...changes,
  };
}
