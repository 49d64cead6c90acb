import { checkBatch } from "./assemble.ts";
import type { Detector } from "./detector.ts";
import type { ParameterStore } from "./parameters.ts";
import type { RoiHead } from "./roi/roi-head.ts";
import type { FirstStage } from "./two-stage.ts";

export interface RoiDetectorParts {
  readonly name: string;
  readonly classes: number;
  readonly channels: number;
  readonly store: ParameterStore;
  readonly first: FirstStage;
  readonly head: RoiHead;
}

/** A region proposal network and a RoI head behind it as a detector: what Mask and Cascade R-CNN have in common. */
export function roiDetector({ name, classes, channels, store, first, head }: RoiDetectorParts): Detector {
  const { strides, extract, predict, forward, assignment, readBoxes } = first;
  return {
    name, classes, channels, strides, extract, predict, forward, ...(assignment && { assignment }), ...(readBoxes && { readBoxes }),
    parameters: () => store.list(),
    loss: (prediction, targets, moment = { iteration: 0 }) => {
      checkBatch("loss", prediction, targets);
      const { height, width } = prediction;
      const losses = first.loss(prediction, targets, moment);
      const proposals = first.proposals(prediction, targets, "train");
      return { ...losses, ...head.loss(prediction.pyramid, proposals, { targets, size: { height, width }, moment }) };
    },
    decode: (prediction, targets) => {
      checkBatch("decode", prediction, targets);
      return head.decode(prediction.pyramid, first.proposals(prediction, targets, "test"), targets);
    },
    dispose: () => store.dispose(),
  };
}
