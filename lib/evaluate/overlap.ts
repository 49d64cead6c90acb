import type { Detections, GroundTruth } from "./types.ts";

/**
 * Fills `out[d·G + g]` with the overlap of the d-th detection and the g-th annotation of one image and category.
 * Crowd annotations divide by the detection's own area. Boxes, masks and anything else that can overlap plug in here.
 * @param detections positions in the detections' columns [D]
 * @param annotations positions in the ground truth's columns [G]
 */
export type Overlap = (detections: Int32Array, annotations: Int32Array, out: Float64Array) => void;

/** What the protocol needs to know of a kind of shape. */
export interface Shapes {
  readonly overlap: Overlap;
  /** Area of each detection, in square pixels. */
  readonly detectionArea: Float64Array;
}

/** IoU of xywh boxes in double precision, without the "+1" of older code (pycocotools' `bbIou`, operation by operation). */
export function boxShapes(groundTruth: GroundTruth, detections: Detections): Shapes {
  const a = detections.box;
  const b = groundTruth.box;
  const detectionArea = boxAreas(detections);
  const overlap: Overlap = (detected, annotated, out) => {
    for (let d = 0, cell = 0; d < detected.length; d++) {
      const p = 4 * detected[d];
      for (let g = 0; g < annotated.length; g++) {
        const q = 4 * annotated[g];
        out[cell++] = boxIou(a, p, b, q, groundTruth.crowd[annotated[g]] === 1);
      }
    }
  };
  return { overlap, detectionArea };
}

/** [count] width times height of each box. */
export function boxAreas({ count, box }: Pick<Detections, "count" | "box">): Float64Array {
  return Float64Array.from({ length: count }, (_, i) => box[4 * i + 2] * box[4 * i + 3]);
}

function boxIou(a: Float64Array, p: number, b: Float64Array, q: number, crowd: boolean): number {
  const width = Math.min(a[p + 2] + a[p], b[q + 2] + b[q]) - Math.max(a[p], b[q]);
  if (width <= 0) return 0;
  const height = Math.min(a[p + 3] + a[p + 1], b[q + 3] + b[q + 1]) - Math.max(a[p + 1], b[q + 1]);
  if (height <= 0) return 0;
  const intersection = width * height;
  const area = a[p + 2] * a[p + 3];
  return intersection / (crowd ? area : area + b[q + 2] * b[q + 3] - intersection);
}
