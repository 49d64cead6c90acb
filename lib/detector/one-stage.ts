import { checkBatch } from "./assemble.ts";
import type { Detector } from "./detector.ts";
import type { ParameterStore } from "./parameters.ts";

export interface OneStageParts extends Pick<Detector, "strides" | "extract" | "predict" | "loss" | "decode" | "assignment"> {
  readonly config: Pick<Detector, "name" | "classes" | "channels">;
  readonly store: ParameterStore;
}

/** A head on every cell of a pyramid as a detector: what all one-stage detectors have in common. */
export function oneStageDetector({ config: { name, classes, channels }, store, extract, predict, loss, decode, ...parts }: OneStageParts): Detector {
  return {
    ...parts,
    name, classes, channels, extract, predict,
    parameters: () => store.list(),
    forward: (images) => predict(extract(images), { height: images.shape[1], width: images.shape[2] }),
    loss: (prediction, targets, moment) => {
      checkBatch("loss", prediction, targets);
      return loss(prediction, targets, moment);
    },
    decode: (prediction, targets) => {
      checkBatch("decode", prediction, targets);
      return decode(prediction, targets);
    },
    dispose: () => store.dispose(),
  };
}
