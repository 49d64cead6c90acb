import { rowsOf } from "../../tensor/boxes.ts";
import type { Detections } from "../detector.ts";

/** These of one image's detections, in this order. */
export function pickDetections({ boxes, scores, labels }: Detections, indices: readonly number[]): Detections {
  return { boxes: rowsOf(boxes, indices), scores: rowsOf(scores, indices, 1), labels: Int32Array.from(indices, (i) => labels[i]) };
}
