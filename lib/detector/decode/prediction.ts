import type * as tf from "@tensorflow/tfjs-core";
import { decodeDeltas, type DeltaCoder } from "../coder/delta.ts";
import type { PriorLevel } from "../assignment.ts";
import type { Detections, Prediction } from "../detector.ts";
import { rowsOf } from "../../tensor/boxes.ts";
import { decodeDense, type DenseDecodeOptions, type LevelOutput } from "./dense.ts";

/** Turns the box outputs [m, depth] of m priors of level `level` into boxes [m, 4] xyxy. */
export type BoxReader = (outputs: Float32Array, priors: readonly number[], level: number) => Float64Array;

export interface PredictionDecodeOptions extends DenseDecodeOptions {
  readonly readBoxes: BoxReader;
}

/** Downloads a prediction once and decodes every image of it. */
export function decodePrediction(prediction: Prediction, sizes: readonly { readonly width: number; readonly height: number }[], options: PredictionDecodeOptions): Detections[] {
  const download = (map: tf.Tensor4D) => ({ data: map.dataSync<"float32">(), perImage: map.size / map.shape[0] });
  const levels = prediction.logits.map((logits, l) => ({ logits: download(logits), boxes: download(prediction.boxes[l]), centerness: prediction.extra?.centerness?.map(download)[l] }));
  return sizes.map((size, image) => {
    const part = ({ data, perImage }: ReturnType<typeof download>) => data.subarray(image * perImage, (image + 1) * perImage);
    const outputs = levels.map(({ logits, boxes, centerness }, l): LevelOutput => {
      const own = part(boxes);
      const depth = boxes.perImage / (logits.perImage / options.classes);
      return {
        logits: part(logits),
        ...(centerness && { centerness: part(centerness) }),
        boxesOf: (priors) => options.readBoxes(rowsOf(own, priors, depth), priors, l),
      };
    });
    return decodeDense(outputs, size, options);
  });
}

/** Reads deltas against the anchors of a layout. */
export function deltaReader(levels: readonly PriorLevel[], coder: DeltaCoder): BoxReader {
  return (deltas, priors, l) => decodeDeltas(rowsOf(levels[l].coordinates, priors, 4), deltas, coder);
}
