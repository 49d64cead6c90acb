import type { Target } from "../data/batch.ts";
import { escapeHtml } from "./html.ts";
import { objectName } from "./object-layer.ts";
import { svgNumber } from "./panels.ts";

/** SVG: the objects' boxes in white, for pictures whose colours mean something else. */
export function outlineLayer(target: Target, names: readonly string[]): string {
  return Array.from(target.labels, (_, o) => {
    const [x1, y1, x2, y2] = target.boxes.subarray(4 * o, 4 * o + 4);
    const place = `x="${svgNumber(x1)}" y="${svgNumber(y1)}" width="${svgNumber(x2 - x1)}" height="${svgNumber(y2 - y1)}" fill="none" vector-effect="non-scaling-stroke"`;
    return `<g><title>${escapeHtml(objectName(target, o, names))}</title><rect ${place} stroke="#000" stroke-opacity="0.6" stroke-width="3.5"/><rect ${place} stroke="#fff" stroke-width="1.6"/></g>`;
  }).join("");
}
