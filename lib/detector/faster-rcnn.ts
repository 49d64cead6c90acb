import type * as tf from "@tensorflow/tfjs-core";
import { checkBatch } from "./assemble.ts";
import type { Target } from "../data/batch.ts";
import type { Detector, Prediction } from "./detector.ts";
import type { BoxOutput } from "./heads/box.ts";
import { resolveFasterRcnn, type FasterRcnnOptions, type FasterRcnnPreset } from "./options/faster-rcnn.ts";
import { parameterStore } from "./parameters.ts";
import { boxStage, type Regions } from "./roi/box-stage.ts";
import { boxStageOptions } from "./roi/box-stage-options.ts";
import { scoped, type RoiHead } from "./roi/roi-head.ts";
import { sampleRois } from "./roi/sampling.ts";
import type { Proposals } from "./rpn/proposals.ts";
import { roiDetector } from "./roi-detector.ts";
import { firstStage } from "./two-stage.ts";

export type { FasterRcnnOptions, FasterRcnnPreset } from "./options/faster-rcnn.ts";

/** A detector of two stages, whose first can be looked at. */
export interface RegionDetector extends Detector {
  /** The proposals that `decode` classifies (or that `loss` draws from: `train`), image by image, by descending objectness. */
  proposals(prediction: Prediction, sizes: readonly Pick<Target, "width" | "height">[], phase?: "train" | "test"): Proposals[];
  /** The box head's outputs for regions of each image; tensors belong to the caller's tidy scope. */
  classify(pyramid: readonly tf.Tensor4D[], regions: readonly Regions[]): BoxOutput;
}

/**
 * Faster R-CNN (Ren et al. 2015) on a feature pyramid (Lin et al. 2017): a region proposal network over all levels, RoIAlign,
 * and Fast R-CNN's head. The preset says whose details; every option of it can be replaced. A preset's name alone means
 * the classes of its origin's published weights and seed 0.
 *
 * A prediction holds the proposal network's outputs: `logits` objectness [B, H, W, A], `boxes` deltas [B, H, W, 4A], on P2 to
 * P6. `loss` and `decode` make the proposals from it and read the regions from its pyramid, so that both work on any pyramid
 * of this shape. Losses: `rpn.class`, `rpn.box`, `roi.class`, `roi.box`.
 *
 * The caller disposes the detector; predictions and losses belong to the caller's tidy scope.
 * @throws Error for unknown options and values that do not fit together
 */
export function fasterRcnn(options: FasterRcnnOptions | FasterRcnnPreset): RegionDetector {
  const config = resolveFasterRcnn(options);
  const { classes, seed, channels, name, box } = config;
  const store = parameterStore(seed);
  const first = firstStage(store, config);
  const stage = boxStage(store, boxStageOptions(config, first.regionStrides));
  const sampling = { classes, seed, assign: box.assign, truth: box.truth, ...box.sampling };
  const head: RoiHead = {
    loss: (pyramid, proposals, { targets, moment }) => {
      const samples = sampleRois(proposals, targets, sampling, moment);
      const regions = stage.loss(stage.run(pyramid, samples), samples, targets);
      return { "roi.class": regions.class, "roi.box": regions.box };
    },
    decode: (pyramid, proposals, sizes) => scoped(() => stage.decode(stage.run(pyramid, proposals), proposals, sizes, config.decode)),
  };
  return {
    ...roiDetector({ name, classes, channels, store, first, head }),
    proposals: (prediction, sizes, phase = "test") => {
      checkBatch("proposals", prediction, sizes);
      return first.proposals(prediction, sizes, phase);
    },
    classify: (pyramid, regions) => stage.run(pyramid, regions),
  };
}
