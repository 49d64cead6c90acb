import type * as tf from "@tensorflow/tfjs-core";
import type { Target } from "../data/batch.ts";
import { checkBatch, entrances, mapSizes, rememberedPerBatch, type Extractor } from "./assemble.ts";
import { assignedLevels, levelSizes, type ImageSize, type PriorLevel } from "./assignment.ts";
import type { DecodeOptions } from "./decode/dense.ts";
import { decodePrediction, type BoxReader } from "./decode/prediction.ts";
import type { Detector, HeadSplit, LossTerms, Moment, Prediction } from "./detector.ts";
import type { ParameterStore } from "./parameters.ts";

/** Anchors or points of all levels over an image. */
interface Layout {
  readonly levels: readonly PriorLevel[];
}

/** What tells one-stage detectors apart; `L` are the priors of a batch's maps, `T` what the head should say about them. */
export interface OneStageParts<L extends Layout, T> extends Pick<Detector, "strides" | "predict"> {
  readonly features: Extractor;
  readonly config: Pick<Detector, "name" | "classes" | "channels"> & { readonly decode: DecodeOptions };
  readonly store: ParameterStore;
  /** Remembers the layouts of the sizes seen last. */
  readonly layout: (maps: readonly ImageSize[], image: ImageSize) => L;
  /** Asked once per batch and layout. */
  readonly targets: (layout: L, targets: readonly Target[]) => T;
  readonly loss: (prediction: Prediction, wanted: T, moment?: Moment) => LossTerms;
  readonly readBoxes: (layout: L) => BoxReader;
  readonly split: Omit<HeadSplit, "boxes">;
  /** All boxes on the tape, comparable row by row: `HeadSplit.boxes`. */
  readonly boxes: (prediction: Pick<Prediction, "boxes">, layout: L) => tf.Tensor2D;
  /** Per prior: an object of the target, background or ignored. */
  readonly assigned: (layout: L, target: Target) => Int32Array;
}

/** A head on every cell of a pyramid as a detector: what all one-stage detectors have in common. */
export function oneStageDetector<L extends Layout, T>({ config, store, strides, features, predict, layout, targets: compute, loss, readBoxes, split, boxes, assigned }: OneStageParts<L, T>): Detector {
  const { name, classes, channels } = config;
  const layoutOf = (prediction: Pick<Prediction, "logits" | "height" | "width">) => layout(mapSizes(prediction), prediction);
  const targetsOf = rememberedPerBatch(compute);
  return {
    name, classes, channels, strides, predict,
    ...entrances(features, predict),
    parameters: () => store.list(),
    loss: (prediction, targets, moment) => {
      checkBatch("loss", prediction, targets);
      return loss(prediction, targetsOf(layoutOf(prediction), targets), moment);
    },
    decode: (prediction, targets) => {
      checkBatch("decode", prediction, targets);
      return decodePrediction(prediction, targets, { ...config.decode, classes, readBoxes: readBoxes(layoutOf(prediction)) });
    },
    assignment: (target, size) => {
      const own = layout(levelSizes(strides, size), size);
      return assignedLevels(own.levels, assigned(own, target));
    },
    headSplit: { ...split, boxes: (prediction) => boxes(prediction, layoutOf(prediction)) },
    readBoxes: (prediction) => readBoxes(layoutOf(prediction)),
    dispose: () => store.dispose(),
  };
}
