import * as tf from "@tensorflow/tfjs-core";
import type { Target } from "../data/batch.ts";
import type { Dataset } from "../data/dataset.ts";
import type { Detector, Prediction } from "../detector/detector.ts";
import type { Distiller, Hints } from "../distill/distiller.ts";
import { eachView } from "./look.ts";
import type { View, ViewOptions } from "./look.ts";

/** An image with what a method makes of it; plain numbers, nothing to dispose. */
export interface MethodLook<T> extends View {
  readonly seen: T;
}

/** What a method has of one image in training: a batch of its own. */
export interface MethodSight {
  /** What the method keeps of its teacher, as in a step. */
  readonly hints: Hints;
  readonly student: Prediction;
  /** The teacher's prediction, where the method has a teacher. */
  readonly teacher: Prediction | undefined;
  readonly targets: readonly Target[];
}

export interface MethodLookOptions extends ViewOptions {
  /** The detector that learns. */
  readonly student: Detector;
  readonly dataset: Dataset;
  /** Position of the image. */
  readonly image: number;
}

/**
 * Looks at an image as a method does in a training step: its own hints of the image, and what the student says of it. No tensor
 * is left, whatever happens.
 * @param read makes plain numbers of the tensors it is given, all of which are disposed afterwards
 * @throws RangeError for an image that does not exist; whatever the method and `read` throw
 */
export async function lookThrough<T>(method: Distiller, { student, dataset, image, ...options }: MethodLookOptions, read: (sight: MethodSight) => T): Promise<MethodLook<T>> {
  const [look] = await eachView(dataset, [image], options, (images, view) => {
    const targets = [view.target];
    const hints = method.hints({ images, targets, dispose: () => {} });
    let seen: T | undefined;
    try {
      tf.tidy(() => { seen = read({ hints, student: student.forward(images), teacher: method.taughtBy?.forward(images), targets }); });
    } finally {
      tf.dispose(Object.values(hints).flat());
    }
    return { ...view, seen: seen as T };
  });
  return look;
}
