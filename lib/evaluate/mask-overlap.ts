import { sharedPixels } from "../tensor/masks/iou.ts";
import { EvaluationDataError } from "./fields.ts";
import { measureMasks } from "./masks.ts";
import type { MaskColumns } from "./masks.ts";
import { boxAreas } from "./overlap.ts";
import type { Overlap, Shapes } from "./overlap.ts";
import type { Detections, GroundTruth } from "./types.ts";

/** IoU of masks by their run lengths (pycocotools' `rleIou`): pairs whose boxes do not meet are not walked. */
export function maskShapes(groundTruth: GroundTruth, detections: Detections, area: "mask" | "box"): Shapes {
  const [found, wanted] = [masksOf(detections, "detections"), masksOf(groundTruth, "ground truth")];
  const [a, b] = [measureMasks(found), measureMasks(wanted)];
  const overlap: Overlap = (detected, annotated, out) => {
    for (let d = 0, cell = 0; d < detected.length; d++) {
      const p = detected[d];
      for (let g = 0; g < annotated.length; g++) {
        const q = annotated[g];
        requireSameSize({ groundTruth, found, wanted }, p, q);
        const shared = boxesMeet(a.box, 4 * p, b.box, 4 * q) ? sharedBy(found, p, wanted, q) : 0;
        out[cell++] = shared === 0 ? 0 : shared / (groundTruth.crowd[q] === 1 ? a.area[p] : a.area[p] + b.area[q] - shared);
      }
    }
  };
  return { overlap, detectionArea: area === "mask" ? a.area : boxAreas(detections) };
}

function masksOf({ count, masks }: { readonly count: number; readonly masks?: MaskColumns }, what: string): MaskColumns {
  if (masks === undefined && count === 0) return { counts: new Uint32Array(0), start: new Float64Array(1), size: new Int32Array(0) };
  if (masks === undefined) throw new EvaluationDataError(`masks are to be compared, but the ${what} ${what === "detections" ? "have" : "has"} none; read or make them with \`masks: true\``);
  return masks;
}

function sharedBy(found: MaskColumns, p: number, wanted: MaskColumns, q: number): number {
  return sharedPixels(found.counts, wanted.counts, { fromA: found.start[p], toA: found.start[p + 1], fromB: wanted.start[q], toB: wanted.start[q + 1] });
}

function boxesMeet(a: Float64Array, p: number, b: Float64Array, q: number): boolean {
  return Math.min(a[p] + a[p + 2], b[q] + b[q + 2]) > Math.max(a[p], b[q]) && Math.min(a[p + 1] + a[p + 3], b[q + 1] + b[q + 3]) > Math.max(a[p + 1], b[q + 1]);
}

interface Compared {
  readonly groundTruth: GroundTruth;
  readonly found: MaskColumns;
  readonly wanted: MaskColumns;
}

/** pycocotools gives such pairs the overlap −1 and says nothing. */
function requireSameSize({ groundTruth, found, wanted }: Compared, p: number, q: number): void {
  const [height, width, trueHeight, trueWidth] = [found.size[2 * p], found.size[2 * p + 1], wanted.size[2 * q], wanted.size[2 * q + 1]];
  if (height === trueHeight && width === trueWidth) return;
  throw new EvaluationDataError(`a mask of ${height} × ${width} pixels was detected in image ${groundTruth.imageIds[groundTruth.image[q]]}, whose annotation ${groundTruth.id[q]} has ${trueHeight} × ${trueWidth} (height × width); masks must have the original image's size`);
}
