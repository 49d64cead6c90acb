import { plan } from "../data/transforms.ts";
import { cost } from "../detector/cost.ts";
import { lgdInput } from "../detector/presets/recipe.ts";
import { buildDetector, type DetectorSpec } from "./detectors.ts";
import { canonical, type Experiment } from "./experiment.ts";

/** COCO's classes, and the size that most of its images have. */
export const [classes, photograph] = [80, { width: 640, height: 480 }] as const;

/** Forward, and backward for activations and for weights. */
const passes = 3;

/** Multiply-adds of detectors, counted once each: building one takes a second. */
export type CostTable = Map<string, number>;

/** Multiply-adds of a detector on one image of an experiment. */
function forwardCost(detector: DetectorSpec, { data: { transforms } }: Experiment, known: CostTable): number {
  const { width, height } = plan(photograph, transforms);
  const key = canonical({ detector, width, height });
  const there = known.get(key);
  if (there !== undefined) return there;
  const built = buildDetector(detector, { classes, seed: 0 });
  try {
    const { multiplyAdds } = cost(built, { width, height });
    known.set(key, multiplyAdds);
    return multiplyAdds;
  } finally {
    built.dispose();
  }
}

/**
 * Multiply-adds of a training step on a photograph of 640×480: three times the student's, and once its teacher's, times the
 * batch. Convolutions of backbone, neck and dense head alone: heads on regions, and a method's own layers, come on top.
 */
export function stepCost(experiment: Experiment, known: CostTable = new Map()): number {
  const { detector, teacher, data: { batchSize } } = experiment;
  const taught = teacher?.detector ?? (typeof teacher?.run === "object" ? teacher.run.experiment.detector : undefined);
  return batchSize * (passes * forwardCost(detector, experiment, known) + (taught === undefined ? 0 : forwardCost(taught, experiment, known)));
}

/**
 * A step whose time is published: detectron2's Faster R-CNN R-50 FPN, 16 images, 0.210 s on 8 V100 (its MODEL_ZOO.md, 2019).
 * What hours are estimated from as long as nobody has measured a step.
 */
export const publishedStep = {
  experiment: {
    name: "published", detector: { kind: "fasterRcnn", preset: "detectron2-lgd" },
    data: { transforms: lgdInput.train, batchSize: 16 },
    training: { iterations: 90_000, learningRate: { base: 0.02 } },
  },
  seconds: 8 * 0.21,
  text: "detectron2's published 0.210 s on 8 V100 for a step of 16 images of Faster R-CNN R-50 FPN, of which this library has measured nothing",
  beside: "That step read and prepared its images and had heads on regions, which is spread over all in proportion; a method's own layers and scoring come on top",
} as const;
