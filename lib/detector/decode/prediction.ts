import type { Detections, Prediction } from "../detector.ts";
import { decodeDense, type DenseDecodeOptions } from "./dense.ts";

export interface PredictionDecodeOptions extends DenseDecodeOptions {
  /** [N, 4] xyxy of all levels. */
  readonly anchors: Float64Array;
}

/** Downloads a prediction once and decodes every image of it. */
export function decodePrediction(prediction: Prediction, sizes: readonly { readonly width: number; readonly height: number }[], options: PredictionDecodeOptions): Detections[] {
  const levels = prediction.logits.map((logits, l) => ({
    logits: logits.dataSync<"float32">(),
    deltas: prediction.boxes[l].dataSync<"float32">(),
    perImage: logits.size / logits.shape[0],
  }));
  return sizes.map((size, image) => {
    let start = 0;
    const outputs = levels.map(({ logits, deltas, perImage }) => {
      const boxes = (perImage / options.classes) * 4;
      const output = {
        logits: logits.subarray(image * perImage, (image + 1) * perImage),
        deltas: deltas.subarray(image * boxes, (image + 1) * boxes),
        anchors: options.anchors.subarray(start, start + boxes),
      };
      start += boxes;
      return output;
    });
    return decodeDense(outputs, size, options);
  });
}
