import type { Detections } from "../detector.ts";
import { decodeDeltas, type DeltaCoder } from "../coder/delta.ts";
import { boxGroupOf, boxGroups, columnOf, type BoxHeadLayout } from "../heads/box.ts";
import { clipBoxes } from "../../tensor/boxes.ts";
import { nonMaximumSuppression } from "./nms.ts";
import { pickDetections } from "./pick.ts";

export interface RoiDecodeOptions {
  /** Class probabilities must be above it (strictly). */
  readonly scoreThreshold: number;
  /** IoU above which the lesser box of the same class falls. */
  readonly nms: number;
  readonly maxDetections: number;
  /** After cutting to the image's content, boxes whose width or height is below it are dropped (torchvision: 0.01); 0 keeps all. */
  readonly minSize: number;
  /** Whether found boxes without area are dropped in the end (detectron2's `detector_postprocess`). Default false. */
  readonly dropEmpty?: boolean;
}

/** One image's regions and what the box head says of them, on the host. */
export interface RoiOutput {
  /** [n, 4] */
  readonly boxes: Float32Array;
  /** [n, K + 1] probabilities */
  readonly probabilities: Float32Array;
  /** [n, G·4] */
  readonly deltas: Float32Array;
}

/** Fast R-CNN's inference: every class of every region above the threshold, its box decoded and cut, class-wise NMS, the best overall. */
export function decodeRois({ boxes, probabilities, deltas }: RoiOutput, size: { readonly width: number; readonly height: number }, options: RoiDecodeOptions & BoxHeadLayout & { readonly coder: DeltaCoder }): Detections {
  const { classes, scoreThreshold, nms, maxDetections, minSize, dropEmpty = false, coder } = options;
  const groups = boxGroups(options);
  const [anchors, chosen, scores, labels]: number[][] = [[], [], [], []];
  for (let r = 0; r < boxes.length / 4; r++) {
    for (let label = 0; label < classes; label++) {
      const score = probabilities[r * (classes + 1) + columnOf(label, options)];
      if (!(score > scoreThreshold)) continue;
      scores.push(score);
      labels.push(label);
      const g = 4 * (r * groups + boxGroupOf(label, options));
      for (let k = 0; k < 4; k++) { anchors.push(boxes[4 * r + k]); chosen.push(deltas[g + k]); }
    }
  }
  const decoded = Float32Array.from(clipBoxes(Float32Array.from(decodeDeltas(anchors, chosen, coder)), size.width, size.height));
  const usable = labels.map((_, i) => i).filter((i) => isUsable(decoded.subarray(4 * i, 4 * i + 4), minSize));
  const all = { boxes: decoded, scores: Float32Array.from(scores), labels: Int32Array.from(labels) };
  const found = pickDetections(all, usable);
  const kept = nonMaximumSuppression(found, nms, maxDetections);
  return pickDetections(found, dropEmpty ? kept.filter((k) => hasArea(found.boxes.subarray(4 * k, 4 * k + 4))) : kept);
}

function hasArea([x1, y1, x2, y2]: Float32Array): boolean {
  return x2 > x1 && y2 > y1;
}

/** Boxes of networks that have diverged are dropped too. */
function isUsable(box: Float32Array, minSize: number): boolean {
  return box.every(Number.isFinite) && box[2] - box[0] >= minSize && box[3] - box[1] >= minSize;
}
