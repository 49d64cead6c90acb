import { ascent, descent } from "./font-widths.ts";
import { textWidth } from "./text-metrics.ts";

export type Box = { left: number; top: number; right: number; bottom: number };

const lineHeight = ascent + descent;
const numberPattern = /[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?/gi;
const numbersIn = (text: string | null | undefined): number[] => (text?.match(numberPattern) ?? []).map(Number);
const attribute = (element: Element, name: string): number => numbersIn(element.getAttribute(name))[0] ?? 0;

function union(boxes: readonly (Box | undefined)[]): Box | undefined {
  const known = boxes.filter((box) => box !== undefined);
  if (known.length === 0) return undefined;
  return {
    left: Math.min(...known.map(({ left }) => left)), top: Math.min(...known.map(({ top }) => top)),
    right: Math.max(...known.map(({ right }) => right)), bottom: Math.max(...known.map(({ bottom }) => bottom)),
  };
}

/** A CSS property of an element, set on itself or on an ancestor, as style or as attribute. */
function inherited(element: Element | null, name: string): string | undefined {
  for (let node = element; node !== null; node = node.parentElement) {
    const value = (node as Element & { style?: CSSStyleDeclaration }).style?.getPropertyValue(name) || node.getAttribute(name);
    if (value) return value;
  }
  return undefined;
}

const fontSize = (element: Element): number => numbersIn(inherited(element, "font-size"))[0] ?? 12;

/** Width in px of everything that stands on one line of a text element, its spans in their own sizes and weights. */
function runWidth(node: Node): number {
  if (node.nodeType === 3) {
    const parent = node.parentElement!;
    const weight = inherited(parent, "font-weight") ?? "normal";
    return textWidth(node.textContent ?? "", fontSize(parent), { isBold: weight === "bold" || Number(weight) >= 600 });
  }
  return [...node.childNodes].reduce((sum, child) => sum + runWidth(child), 0);
}

/** The box of an SVG text element in its own coordinates: one line, or one per `tspan.line`. */
export function textBox(element: Element): Box {
  const lines = [...element.querySelectorAll("tspan.line")];
  const size = fontSize(element);
  const width = Math.max(0, ...(lines.length > 0 ? lines : [element]).map(runWidth));
  const anchor = inherited(element, "text-anchor") ?? "start";
  const left = attribute(element, "x") - (anchor === "middle" ? width / 2 : anchor === "end" ? width : 0);
  const top = attribute(element, "y") - ascent * size;
  return { left, top, right: left + width, bottom: top + lineHeight * size + Math.max(0, lines.length - 1) * 1.3 * size };
}

/** The points that a path's commands end at; curves and arcs are taken for their chords. */
function pathPoints(element: Element): [number, number][] {
  if (element.tagName.toLowerCase() === "line") return [[attribute(element, "x1"), attribute(element, "y1")], [attribute(element, "x2"), attribute(element, "y2")]];
  let [x, y] = [0, 0];
  const points: [number, number][] = [];
  for (const [, command, rest] of (element.getAttribute("d") ?? "").matchAll(/([a-df-z])([^a-df-z]*)/gi)) {
    const relative = command === command.toLowerCase();
    for (const [dx, dy] of steps(command, numbersIn(rest))) {
      [x, y] = [dx === undefined ? x : relative ? x + dx : dx, dy === undefined ? y : relative ? y + dy : dy];
      points.push([x, y]);
    }
  }
  return points;
}

/** The point that lies `length` px along a line or path, and the whole length (infinite `length` gives the end). */
export function alongPath(element: Element, length: number): { x: number; y: number; total: number } {
  const points = pathPoints(element);
  let [[x, y] = [0, 0]] = points;
  let total = 0;
  for (const [nextX, nextY] of points.slice(1)) {
    const step = Math.hypot(nextX - x, nextY - y);
    if (total + step >= length) { const share = step === 0 ? 0 : (length - total) / step; return { x: x + share * (nextX - x), y: y + share * (nextY - y), total: length }; }
    total += step;
    [x, y] = [nextX, nextY];
  }
  return { x, y, total };
}

function pointsBox(points: readonly (readonly [number, number])[]): Box | undefined {
  return union(points.map(([x, y]) => ({ left: x, top: y, right: x, bottom: y })));
}

function steps(command: string, numbers: readonly number[]): (readonly [number | undefined, number | undefined])[] {
  const kind = command.toLowerCase();
  if (kind === "h") return numbers.map((x) => [x, undefined]);
  if (kind === "v") return numbers.map((y) => [undefined, y]);
  const take = kind === "a" ? 7 : kind === "c" ? 6 : kind === "s" || kind === "q" ? 4 : 2;
  return Array.from({ length: Math.floor(numbers.length / take) }, (_, i) => [numbers[i * take + take - 2], numbers[i * take + take - 1]]);
}

/** A box moved by the element's own `translate` and turned by its `rotate`. */
function transformed(element: Element, box: Box | undefined): Box | undefined {
  const transform = element.getAttribute("transform");
  if (box === undefined || !transform) return box;
  let corners: [number, number][] = [[box.left, box.top], [box.right, box.top], [box.left, box.bottom], [box.right, box.bottom]];
  for (const [, name, rest] of [...transform.matchAll(/(\w+)\s*\(([^)]*)\)/g)].reverse()) corners = corners.map((corner) => move(name, numbersIn(rest), corner));
  return pointsBox(corners);
}

function move(name: string, [a = 0, b = 0, c = 0]: readonly number[], [x, y]: [number, number]): [number, number] {
  if (name === "translate") return [x + a, y + b];
  if (name === "scale") return [x * a, y * (b || a)];
  if (name !== "rotate") return [x, y];
  const [sin, cos] = [Math.sin((a * Math.PI) / 180), Math.cos((a * Math.PI) / 180)];
  return [b + (x - b) * cos - (y - c) * sin, c + (x - b) * sin + (y - c) * cos];
}

/** The box of an SVG element in its own coordinate system; undefined when it draws nothing. */
export function boxOf(element: Element): Box | undefined {
  const [x, y] = [attribute(element, "x"), attribute(element, "y")];
  switch (element.tagName.toLowerCase()) {
    case "text": return textBox(element);
    case "rect": case "image": case "foreignobject": return { left: x, top: y, right: x + attribute(element, "width"), bottom: y + attribute(element, "height") };
    case "path": case "line": return pointsBox(pathPoints(element));
    case "circle": { const r = attribute(element, "r"); return { left: attribute(element, "cx") - r, top: attribute(element, "cy") - r, right: attribute(element, "cx") + r, bottom: attribute(element, "cy") + r }; }
    case "defs": case "clippath": case "style": case "title": return undefined;
    default: return union([...element.children].map((child) => transformed(child, boxOf(child))));
  }
}
