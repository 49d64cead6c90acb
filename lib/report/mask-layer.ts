import type { Rle } from "../tensor/masks/rle.ts";
import { contours } from "./contour.ts";

export interface DrawnMask {
  readonly mask: Rle;
  /** "#rrggbb" */
  readonly colour: string;
  /** Detections' outlines are dashed. */
  readonly dashed: boolean;
  /** Attributes of its element. */
  readonly attributes: string;
}

/**
 * SVG elements of translucent masks with outlines, in the pixels of a picture of this size; masks of another size are
 * stretched to it. Outlines keep their width however the picture is scaled, on a light line that shows them on dark and on bright ground.
 */
export function maskLayer(masks: readonly DrawnMask[], size: { readonly width: number; readonly height: number }): string {
  return masks.map((one) => maskElement(one, size)).join("");
}

function maskElement({ mask, colour, dashed, attributes }: DrawnMask, { width, height }: { readonly width: number; readonly height: number }): string {
  const path = pathOf(mask, { width, height });
  if (path === "") return "";
  const dash = dashed ? ' stroke-dasharray="6 4"' : "";
  const line = `d="${path}" fill-rule="evenodd" vector-effect="non-scaling-stroke" stroke-linejoin="round"`;
  // Ground truth is what the photograph shows: hardly tinted, so that its own colours stay.
  const fill = `fill="${colour}" fill-opacity="${dashed ? 0.3 : 0.1}"`;
  return `<g${attributes} pointer-events="none"><path ${line} ${fill} stroke="#fff" stroke-opacity="0.6" stroke-width="3"/><path ${line} fill="none" stroke="${colour}" stroke-width="1.7"${dash}/></g>`;
}

/** Outlines as path data, a tenth of a pixel fine; what no eye would tell at the usual width of a picture is left out. */
function pathOf(mask: Rle, { width, height }: { readonly width: number; readonly height: number }): string {
  const [sx, sy] = [width / mask.width, height / mask.height];
  const tolerance = Math.max(0.6, Math.max(mask.width, mask.height) / 1200);
  return contours(mask, tolerance).map((ring) => {
    const tenths = ring.map((value, i) => Math.round(10 * value * (i % 2 === 0 ? sx : sy)));
    const steps = tenths.slice(2).map((value, i) => value - tenths[i]);
    return `M${tenths[0] / 10} ${tenths[1] / 10}l${steps.map((step, i) => `${i > 0 && step >= 0 ? " " : ""}${step / 10}`).join("")}z`;
  }).join("");
}
