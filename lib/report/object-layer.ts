import type { Target } from "../data/batch.ts";
import { escapeHtml } from "./html.ts";
import { colour, darkTextOn } from "./palette.ts";
import { svgNumber } from "./panels.ts";

/** "2 cool disk": an object as captions and tables call it, counted from 1. */
export function objectName({ labels }: Pick<Target, "labels">, object: number, names: readonly string[]): string {
  return `${object + 1} ${names[labels[object]] ?? `class ${labels[object]}`}`;
}

/** SVG elements: each object's box in its own colour, with its number. */
export function objectLayer(target: Target, names: readonly string[]): string {
  return Array.from(target.labels, (_, o) => outline(target, o, names)).join("");
}

function outline(target: Target, object: number, names: readonly string[]): string {
  const [x1, y1, x2, y2] = target.boxes.subarray(4 * object, 4 * object + 4);
  const place = `x="${svgNumber(x1)}" y="${svgNumber(y1)}" width="${svgNumber(x2 - x1)}" height="${svgNumber(y2 - y1)}" fill="none" vector-effect="non-scaling-stroke"`;
  const title = `${objectName(target, object, names)}: ${svgNumber(x2 - x1)} × ${svgNumber(y2 - y1)} px`;
  return `<g><title>${escapeHtml(title)}</title><rect ${place} stroke="#fff" stroke-opacity="0.75" stroke-width="3.5"/><rect ${place} stroke="${colour(object)}" stroke-width="2"/></g>${badge(target, object)}`;
}

/** The object's number at its upper left corner, inside the image. */
function badge({ boxes, width, height }: Target, object: number): string {
  const side = Math.max(width, height) / 17;
  const text = String(object + 1);
  const wide = side * (0.55 + 0.5 * text.length);
  const x = Math.min(Math.max(0, boxes[4 * object]), width - wide);
  const y = Math.min(Math.max(0, boxes[4 * object + 1] - side), height - side);
  const fill = colour(object);
  return `<g pointer-events="none" transform="translate(${svgNumber(x)} ${svgNumber(y)})"><rect width="${svgNumber(wide)}" height="${svgNumber(side)}" fill="${fill}"/><text x="${svgNumber(wide / 2)}" y="${svgNumber(side * 0.79)}" text-anchor="middle" font-family="DejaVu Sans, Verdana, sans-serif" font-size="${svgNumber(side * 0.8)}" fill="${darkTextOn(fill) ? "#000" : "#fff"}">${text}</text></g>`;
}
