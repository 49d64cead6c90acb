import type { Random } from "../../tensor/random.ts";
import type { Size } from "../resize.ts";
import type { Colour, Grid } from "./background.ts";
import { backgroundGrid, gridColour } from "./background.ts";
import type { ClassName, DistractorName } from "./shapes.ts";
import { distractorNames } from "./shapes.ts";

export type Fill = "plain" | "bordered" | "striped" | "translucent";

/** A shape placed in a scene; lengths in pixels. */
export interface Placed {
  readonly shape: ClassName | DistractorName;
  /** Category id, or undefined for a distractor. */
  readonly category: number | undefined;
  readonly x: number;
  readonly y: number;
  /** Half sizes along the shape's own axes. */
  readonly rx: number;
  readonly ry: number;
  /** Radians. */
  readonly rotation: number;
  readonly colour: Colour;
  readonly rim: Colour;
  readonly fill: Fill;
  /** Half size of the upright box around it. */
  readonly hx: number;
  readonly hy: number;
}

/** Everything that defines an image but its fine texture; painted in order. */
export interface Scene {
  readonly grid: Grid;
  readonly objects: readonly Placed[];
}

export interface SceneOptions extends Size {
  readonly classes: readonly { readonly id: number; readonly name: ClassName }[];
  /** Objects per image that is not empty, inclusive. */
  readonly objects: readonly [number, number];
  /** Side in pixels, log-uniform. */
  readonly sides: readonly [number, number];
  readonly distractors: readonly [number, number];
  /** Probability of an image without labelled objects. */
  readonly empty: number;
}

/** Highest overlap of two boxes as a share of the smaller one. */
export const maxOverlap = 0.25;
const attempts = 40;

function hsv(hue: number, saturation: number, value: number): Colour {
  const channel = (n: number) => {
    const k = (n + hue * 6) % 6;
    return value - value * saturation * Math.max(0, Math.min(k, 4 - k, 1));
  };
  return [channel(5), channel(3), channel(1)];
}

function wrap(hue: number): number {
  return hue - Math.floor(hue);
}

function drawColour(shape: string, random: Random): Colour {
  const hue = shape === "warm disk" ? 0.04 + 0.05 * random.normal() : shape === "cool disk" ? 0.6 + 0.05 * random.normal() : random.next();
  return hsv(wrap(hue), random.uniform(0.55, 0.95), random.uniform(0.45, 1));
}

/** A colour that stands out from its surroundings: the first of eight that does, else the farthest. */
function contrastingColour(shape: string, behind: Colour, random: Random): Colour {
  const far = (c: Colour) => Math.hypot(c[0] - behind[0], c[1] - behind[1], c[2] - behind[2]);
  let best = drawColour(shape, random);
  for (let i = 0; i < 8 && far(best) < 0.4; i++) {
    const other = drawColour(shape, random);
    if (far(other) > far(best)) best = other;
  }
  return best;
}

function drawFill(random: Random): Fill {
  const u = random.next();
  return u < 0.4 ? "plain" : u < 0.65 ? "bordered" : u < 0.85 ? "striped" : "translucent";
}

function overlaps(a: Placed, b: Placed): boolean {
  const w = Math.min(a.x + a.hx, b.x + b.hx) - Math.max(a.x - a.hx, b.x - b.hx);
  const h = Math.min(a.y + a.hy, b.y + b.hy) - Math.max(a.y - a.hy, b.y - b.hy);
  return w > 0 && h > 0 && w * h > maxOverlap * Math.min(4 * a.hx * a.hy, 4 * b.hx * b.hy);
}

type Kind = Pick<Placed, "shape" | "category">;

/** One try at placing a shape wholly inside the image; undefined when it does not fit. */
function tryPlace(kind: Kind, side: number, size: Size, grid: Grid, random: Random): Placed | undefined {
  const stretch = Math.exp(random.uniform(-0.25, 0.25) / 2);
  const rotation = random.uniform(-0.3, 0.3);
  const [rx, ry] = [(side / 2) * stretch, side / 2 / stretch];
  const [c, s] = [Math.cos(rotation), Math.abs(Math.sin(rotation))];
  const [hx, hy] = [rx * c + ry * s, rx * s + ry * c];
  const [u, v] = [random.next(), random.next()];
  if (2 * hx > size.width - 2 || 2 * hy > size.height - 2) return undefined;
  const x = 1 + hx + u * (size.width - 2 - 2 * hx);
  const y = 1 + hy + v * (size.height - 2 - 2 * hy);
  const colour = contrastingColour(kind.shape, gridColour(grid, x / size.width, y / size.height), random);
  const rim = colour.map((channel) => channel * 0.35) as unknown as Colour;
  return { ...kind, x, y, rx, ry, rotation, colour, rim, fill: drawFill(random), hx, hy };
}

/** Places a shape where it fits; later attempts are smaller, down to `low`, so that crowded scenes lose no object. */
function place({ side, ...kind }: Wanted, low: number, placed: Placed[], options: SceneOptions, grid: Grid, random: Random): void {
  for (let i = 0; i < attempts; i++) {
    const object = tryPlace(kind, Math.max(low, side * (1 - i / attempts)), options, grid, random);
    if (object !== undefined && !placed.some((other) => overlaps(object, other))) {
      placed.push(object);
      return;
    }
  }
}

type Wanted = Kind & { readonly side: number };

/** Draws kinds and log-uniform sides; the largest come first, since they find a place with the most difficulty. */
function want(count: number, [low, high]: readonly [number, number], random: Random, kind: () => Kind): Wanted[] {
  const wanted = Array.from({ length: count }, () => ({ ...kind(), side: low * (high / low) ** random.next() }));
  return wanted.sort((a, b) => b.side - a.side);
}

function count([low, high]: readonly [number, number], random: Random): number {
  return low + random.integer(high - low + 1);
}

/** Places labelled objects, then look-alikes; those that find no place are missing from the result. */
function layOut(objects: number, distractors: number, options: SceneOptions, grid: Grid, random: Random): Placed[] {
  const placed: Placed[] = [];
  const [low, high] = options.sides;
  const labelled = want(objects, [low, high], random, () => {
    const { id, name } = options.classes[random.integer(options.classes.length)];
    return { shape: name, category: id };
  });
  const alike = want(distractors, [Math.min(1.5 * low, high), high], random, () => ({ shape: distractorNames[random.integer(distractorNames.length)], category: undefined }));
  for (const one of [...labelled, ...alike]) place(one, low, placed, options, grid, random);
  return placed;
}

/**
 * Plans a scene: draws how many objects and look-alikes there are, then lays them out, anew when one found no place
 * (the fullest of eight layouts is taken). They are painted in random order. Look-alikes are half as large again as the
 * smallest objects wherever they fit: at 12 pixels a hexagon *is* a disk.
 */
export function planScene(options: SceneOptions, random: Random): Scene {
  const grid = backgroundGrid(random);
  const objects = random.next() < options.empty ? 0 : count(options.objects, random);
  const distractors = count(options.distractors, random);
  let best: Placed[] = [];
  for (let i = 0; i < 8 && (i === 0 || best.length < objects + distractors); i++) {
    const placed = layOut(objects, distractors, options, grid, random);
    if (placed.length > best.length) best = placed;
  }
  return { grid, objects: random.shuffle(best) };
}
