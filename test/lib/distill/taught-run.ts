import * as tf from "@tensorflow/tfjs-core";
import type { Batch } from "../../../lib/data/batch.ts";
import type { Detector } from "../../../lib/detector/detector.ts";
import type { Distiller } from "../../../lib/distill/distiller.ts";
import { gradients } from "../../../lib/train/gradients.ts";
import { training } from "../../../lib/train/training.ts";
import type { Step } from "../../../lib/train/step.ts";
import { normal } from "./finite-difference.ts";
import { targetsOf } from "./tiny.ts";

/** Pixels of the images of `batchWith`. */
export const edge = { height: 64, width: 96 };

/** Images of noise with the given numbers of objects; the caller disposes it. */
export function batchWith(counts: readonly number[], size = edge): Batch {
  const images = normal("images", [counts.length, size.height, size.width, 3]) as tf.Tensor4D;
  return { images, targets: targetsOf(counts).map((target) => ({ ...target, ...size })), dispose: () => images.dispose() };
}

export interface Student {
  readonly detector: Detector;
  readonly distiller: Distiller;
}

/** A few steps of the library's training on one batch. */
export async function train({ detector, distiller }: Student, counts: readonly number[], { iterations = 4, learningRate = 0.005 } = {}): Promise<Step[]> {
  async function* batches(): AsyncGenerator<Batch> {
    for (;;) yield batchWith(counts);
  }
  const run = training({ detector, distiller, batches, iterations, optimiser: { learningRate: () => learningRate } });
  const steps: Step[] = [];
  try {
    for await (const step of run.steps()) steps.push(step);
  } finally {
    run.dispose();
  }
  return steps;
}

/** The method's own terms on a batch, and the 2-norms of their weighted sum's gradients by parameter; nothing is left behind. */
export function distillation({ detector, distiller }: Student, batch: Batch, others: readonly tf.Variable[] = []): { readonly terms: Record<string, number>; readonly norms: Record<string, number> } {
  const named = [...detector.parameters(), ...distiller.parameters()].filter(({ frozen }) => !frozen);
  const variables = [...named.map(({ variable }) => variable), ...others];
  const hints = distiller.hints(batch);
  let names: string[] = [];
  try {
    return tf.tidy(() => {
      const result = gradients(() => {
        const terms = distiller.loss(detector.forward(batch.images), hints, batch, { iteration: 0, detector });
        names = Object.keys(terms);
        const values = Object.values(terms);
        return { loss: tf.addN(values.map(({ value, weight }) => tf.mul<tf.Scalar>(value, weight))), values: tf.stack(values.map(({ value }) => value)) as tf.Tensor1D };
      }, variables);
      const values = result.values.dataSync();
      const norms = result.gradients.map((gradient) => (gradient === null ? NaN : tf.norm(gradient).dataSync()[0]));
      return {
        terms: Object.fromEntries(names.map((name, i) => [name, values[i]])),
        norms: Object.fromEntries(variables.map((variable, i) => [i < named.length ? named[i].name : variable.name, norms[i]])),
      };
    });
  } finally {
    tf.dispose(Object.values(hints).flat());
  }
}

/** Every weight of a detector, to see that nobody changes them. */
export function weightsOf(detector: Detector): number[][] {
  return detector.parameters().map(({ variable }) => Array.from(variable.dataSync()));
}
