import * as tf from "@tensorflow/tfjs-core";
import type { Target } from "../../data/batch.ts";
import { decodeRois, type RoiDecodeOptions } from "../decode/rois.ts";
import type { Detections } from "../detector.ts";
import { boxGroups, boxHead, type BoxHeadOptions, type BoxOutput } from "../heads/box.ts";
import { roiBoxLoss, roiBoxTargets, type RoiBoxLoss, type RoiBoxLossOptions } from "../loss/roi-box.ts";
import type { ParameterStore } from "../parameters.ts";
import { extractRois, joinRois, type RoiExtractOptions } from "./extract.ts";
import type { RoiSample } from "./sampling.ts";

/** Boxes of one image, [n, 4] xyxy in pixels of the batch image. */
export interface Regions {
  readonly boxes: Float32Array;
}

export interface BoxStageOptions {
  readonly head: BoxHeadOptions;
  readonly extract: Omit<RoiExtractOptions, "output">;
  readonly loss: Pick<RoiBoxLossOptions, "coder" | "beta" | "weight">;
}

/** Regions → features → box head, with its loss and its decoding: all of Faster R-CNN's second stage, one of a cascade's. */
export interface BoxStage {
  /** The head's outputs for all images' regions in their order; one row of no meaning when there are none. */
  run(pyramid: readonly tf.Tensor4D[], regions: readonly Regions[]): BoxOutput;
  /** Losses of `run(pyramid, samples)`. */
  loss(output: BoxOutput, samples: readonly RoiSample[], targets: readonly Pick<Target, "boxes">[]): RoiBoxLoss;
  /** Objects per image, of `run(pyramid, regions)`. Downloads once. */
  decode(output: BoxOutput, regions: readonly Regions[], sizes: readonly { readonly width: number; readonly height: number }[], options: RoiDecodeOptions): Detections[];
}

export function boxStage(store: ParameterStore, { head: layout, extract, loss }: BoxStageOptions): BoxStage {
  const head = boxHead(store, layout);
  return {
    run: (pyramid, regions) => head(extractRois(pyramid, joinRois(atLeastOne(regions)), { ...extract, output: layout.size })),
    loss: (output, samples, targets) => roiBoxLoss(output, roiBoxTargets(samples, targets, loss.coder), { ...layout, ...loss }),
    decode: (output, regions, sizes, options) => {
      const { logits, deltas } = output;
      const softmax = tf.softmax(logits);
      const [probabilities, allDeltas] = [softmax.dataSync<"float32">(), deltas.dataSync<"float32">()];
      softmax.dispose();
      const scores = splitRows(probabilities, layout.classes + 1, regions);
      const boxes = splitRows(allDeltas, 4 * boxGroups(layout), regions);
      return regions.map((region, i) => decodeRois({ boxes: region.boxes, probabilities: scores[i], deltas: boxes[i] }, sizes[i], { ...layout, ...options, coder: loss.coder }));
    },
  };
}

/** TensorFlow's kernels are asked for at least one row: an empty box of the first image stands in when there is no region at all. */
function atLeastOne(regions: readonly Regions[]): readonly Regions[] {
  return regions.some(({ boxes }) => boxes.length > 0) ? regions : [{ boxes: Float32Array.of(0, 0, 0, 0) }];
}

/** Rows of `width` values, cut into the images that their regions belong to. */
export function splitRows(values: Float32Array, width: number, regions: readonly Regions[]): Float32Array[] {
  let start = 0;
  return regions.map(({ boxes }) => {
    const end = start + (boxes.length / 4) * width;
    const own = values.subarray(start, end);
    start = end;
    return own;
  });
}
