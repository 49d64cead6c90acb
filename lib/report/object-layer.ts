import type { Target } from "../data/batch.ts";
import { escapeHtml } from "./html.ts";
import { placeLabels } from "./label-places.ts";
import type { Place } from "./label-places.ts";
import { darkTextOn, objectColours } from "./palette.ts";
import { svgNumber } from "./panels.ts";

/** "2 cool disk": an object as captions and tables call it, counted from 1. */
export function objectName({ labels }: Pick<Target, "labels">, object: number, names: readonly string[]): string {
  return `${object + 1} ${names[labels[object]] ?? `class ${labels[object]}`}`;
}

/** SVG elements: each object's box in its own colour (`objectColours`), and above them all their numbers. */
export function objectLayer(target: Target, names: readonly string[]): string {
  return objectBoxes(target, names) + objectNumbers(target);
}

/** The boxes alone. */
export function objectBoxes(target: Target, names: readonly string[]): string {
  const colours = objectColours(target.labels);
  return Array.from(target.labels, (_, o) => outline(target, o, { names, colour: colours[o] })).join("");
}

function boxOf({ boxes }: Target, object: number): readonly [number, number, number, number] {
  return [boxes[4 * object], boxes[4 * object + 1], boxes[4 * object + 2], boxes[4 * object + 3]];
}

function outline(target: Target, object: number, { names, colour }: { names: readonly string[]; colour: string }): string {
  const [x1, y1, x2, y2] = boxOf(target, object);
  const place = `x="${svgNumber(x1)}" y="${svgNumber(y1)}" width="${svgNumber(x2 - x1)}" height="${svgNumber(y2 - y1)}" fill="none" vector-effect="non-scaling-stroke"`;
  const title = `${objectName(target, object, names)}: ${svgNumber(x2 - x1)} × ${svgNumber(y2 - y1)} px`;
  return `<g><title>${escapeHtml(title)}</title><rect ${place} stroke="#fff" stroke-opacity="0.75" stroke-width="3.5"/><rect ${place} stroke="${colour}" stroke-width="2"/></g>`;
}

/**
 * The objects' numbers at their boxes' upper left corners, or at other ones where numbers would meet; inside the image.
 * @param zoom how much larger than the image the picture is that they are drawn into, so that they stay legible
 */
export function objectNumbers(target: Target, zoom = 1): string {
  const colours = objectColours(target.labels);
  const side = (zoom * Math.max(target.width, target.height)) / 17;
  const labels = Array.from(target.labels, (_, o) => ({ box: boxOf(target, o), side: "above", width: side * (0.55 + 0.5 * String(o + 1).length), height: side } as const));
  return placeLabels(labels, target).map((place, o) => badge(String(o + 1), place, colours[o])).join("");
}

function badge(text: string, { x, y, width, height }: Place, fill: string): string {
  return `<g pointer-events="none" transform="translate(${svgNumber(x)} ${svgNumber(y)})"><rect width="${svgNumber(width)}" height="${svgNumber(height)}" fill="${fill}" stroke="#fff" stroke-width="0.8" vector-effect="non-scaling-stroke"/><text x="${svgNumber(width / 2)}" y="${svgNumber(height * 0.79)}" text-anchor="middle" font-family="DejaVu Sans, Verdana, sans-serif" font-size="${svgNumber(height * 0.8)}" fill="${darkTextOn(fill) ? "#000" : "#fff"}">${text}</text></g>`;
}
