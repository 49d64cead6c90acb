import type * as tf from "@tensorflow/tfjs-core";
import type { Target } from "../data/batch.ts";
import { anchorLayout } from "./anchor-layout.ts";
import { anchorsPerCell } from "./anchors.ts";
import { entrances, extractor, levelStrides, mapSizes, rememberedPerBatch, type FeatureConfig } from "./assemble.ts";
import { assignedLevels, levelSizes } from "./assignment.ts";
import { deltaReader } from "./decode/prediction.ts";
import type { Detector, Moment, Prediction } from "./detector.ts";
import { rpnHead, type RpnNames } from "./heads/rpn.ts";
import { rpnLoss } from "./loss/rpn.ts";
import type { ParameterStore } from "./parameters.ts";
import { proposals, type Proposals } from "./rpn/proposals.ts";
import { assignRpn, sampleRpn } from "./rpn/targets.ts";
import type { RpnConfig } from "./two-stage-config.ts";

/** What the first stage of every two-stage detector is made from. */
export interface FirstStageConfig extends FeatureConfig {
  readonly names: FeatureConfig["names"] & { readonly rpn: RpnNames };
  readonly classes: number;
  readonly seed: number;
  readonly rpn: RpnConfig;
}

/** Backbone, pyramid and region proposal network: what Faster, Mask and Cascade R-CNN share. */
export interface FirstStage extends Pick<Detector, "strides" | "extract" | "predict" | "forward" | "assignment" | "readBoxes"> {
  /** Strides of the levels that regions are read from: the pyramid's without the extra ones. */
  readonly regionStrides: readonly number[];
  /** The proposal network's two losses. */
  loss(prediction: Prediction, targets: readonly Target[], moment: Moment): { readonly "rpn.class": tf.Scalar; readonly "rpn.box": tf.Scalar };
  /** Proposals per image, cut to its content; `train` and `test` differ in number. Downloads the prediction. */
  proposals(prediction: Prediction, sizes: readonly Pick<Target, "width" | "height">[], phase: "train" | "test"): Proposals[];
}

export function firstStage(store: ParameterStore, config: FirstStageConfig): FirstStage {
  const { rpn, neck, classes, seed } = config;
  const features = extractor(store, config);
  const head = rpnHead(store, { channels: config.channels, anchors: anchorsPerCell(rpn.anchors), names: config.names.rpn });
  const strides = levelStrides(neck, rpn.anchors.sizes.length);
  const layout = anchorLayout(rpn.anchors, strides);
  const anchorsOf = (prediction: Prediction) => layout(mapSizes(prediction), prediction).anchors;
  const assigned = rememberedPerBatch((anchors: Float64Array, targets: readonly Target[]) => assignRpn(targets, anchors, { ...rpn, classes }));
  const predict: Detector["predict"] = (pyramid, { height, width }) => {
    const hidden = pyramid.map((map) => head.conv(map));
    return { pyramid, logits: hidden.map((x) => head.classify(x)), boxes: hidden.map((x) => head.regress(x)), height, width };
  };
  return {
    strides,
    regionStrides: strides.slice(0, strides.length - neck.extraLevels),
    predict,
    ...entrances(features, predict),
    loss: (prediction, targets, moment) => {
      const anchors = anchorsOf(prediction);
      const sampled = sampleRpn(assigned(anchors, targets), anchors, { ...rpn, seed }, moment);
      const { class: objectness, box } = rpnLoss(prediction, sampled, rpn);
      return { "rpn.class": objectness, "rpn.box": box };
    },
    proposals: (prediction, sizes, phase) => proposals(prediction, sizes, { ...rpn[phase], coder: rpn.coder, anchors: anchorsOf(prediction) }),
    readBoxes: (prediction) => deltaReader(layout(mapSizes(prediction), prediction).levels, rpn.coder),
    assignment: (target, size) => {
      const { levels, anchors } = layout(levelSizes(strides, size), size);
      const [{ assignment, kept }] = assignRpn([target], anchors, { ...rpn, classes });
      return assignedLevels(levels, assignment.map((o) => (o >= 0 ? kept[o] : o)));
    },
  };
}
