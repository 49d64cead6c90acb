import type { BackendInfo } from "../backend/info.ts";
import { cached } from "../data/cached.ts";
import type { Dataset } from "../data/dataset.ts";
import { syntheticScenes } from "../data/synthetic.ts";
import { plan } from "../data/transforms.ts";
import { buildParts } from "./build.ts";
import { segments } from "./detectors.ts";
import { isTrained, type Experiment } from "./experiment.ts";
import { classes, photograph } from "./step-cost.ts";

/** What a step took on this device. */
export interface MeasuredStep {
  /** As it was measured: of the student alone, its images in one size. */
  readonly experiment: Experiment;
  /** Median of the measured steps; what prepares a batch belongs to each. */
  readonly seconds: number;
  readonly environment: BackendInfo;
}

export interface MeasureStepOptions {
  /** Of a step. Default on a GPU the training's own batch, else 1. */
  readonly images?: number;
  readonly environment: BackendInfo;
  /** Told after each step, the first of which is not counted. */
  readonly onStep?: (seconds: number, done: number, total: number) => void;
}

/** Steps that are taken; the first one starts everything up. */
const steps = 4;

/**
 * Photographs as large as most of COCO's, with as many classes; how long a step takes does not depend on what they show. All
 * are drawn for the first step and kept, however many: only that they are prepared belongs to a step.
 */
export function photographs(images: number): Dataset {
  const scenes = cached(syntheticScenes({ images, size: photograph, seed: 0 }), Infinity);
  const more = Array.from({ length: classes - scenes.categories.length }, (_, i) => ({ id: 1000 + i, name: `class ${i}` }));
  return { ...scenes, categories: [...scenes.categories, ...more] };
}

/** Which of some trainings is measured: the first student alone that is told by boxes, or whatever is. */
export function measurable(experiments: readonly Experiment[]): Experiment | undefined {
  const boxes = experiments.filter((one) => isTrained(one) && !segments(one.detector));
  return boxes.find(({ method }) => method === undefined) ?? boxes[0];
}

/** The student of an experiment alone, from random weights, on images of the size that most have: as long as from others. */
function alone({ name, detector, data, training }: Experiment, images: number | undefined): Experiment {
  const { frozenUntil: _, ...settings } = training;
  const { width, height } = plan(photograph, data.transforms);
  return {
    name, detector, allow: ["randomBackbone"],
    data: { ...data, batchSize: images ?? data.batchSize, transforms: { ...data.transforms, resize: { kind: "fixed", width, height } } },
    training: { ...settings, iterations: steps },
  };
}

/** As TensorFlow says it ("OOM when allocating tensor with shape …"), its libraries on a GPU (`CUDNN_STATUS_ALLOC_FAILED`), and V8 ("Array buffer allocation failed"). */
function isOutOfMemory(error: unknown): boolean {
  return error instanceof Error && /\bOOM\b|resource ?exhausted|out of memory|alloc/i.test(error.message);
}

/**
 * Takes some steps of an experiment's student in memory. Nothing is read, fetched or written.
 * @throws Error with a remedy when memory does not suffice for several images; whatever else a step throws, as it is
 */
export async function measureStep(experiment: Experiment, { images, environment, onStep }: MeasureStepOptions): Promise<MeasuredStep> {
  const own = alone(experiment, images ?? (environment.device === "cuda" ? undefined : 1));
  const { batchSize } = own.data;
  const parts = await buildParts(own, { dataset: photographs(batchSize), seed: 0 });
  const seconds: number[] = [];
  try {
    for await (const step of parts.training.steps()) {
      seconds.push(step.seconds);
      onStep?.(step.seconds, seconds.length, steps);
    }
  } catch (error) {
    throw batchSize > 1 && isOutOfMemory(error) ? new Error(`a step of ${batchSize} images could not be taken: ${(error as Error).message}. Measure one of fewer images`, { cause: error }) : error;
  } finally {
    parts.dispose();
  }
  const counted = seconds.slice(1).sort((a, b) => a - b);
  return { experiment: own, seconds: counted[Math.floor(counted.length / 2)], environment };
}
