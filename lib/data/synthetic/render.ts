import type { Random } from "../../tensor/random.ts";
import type { Pixels } from "../dataset.ts";
import type { Size } from "../resize.ts";
import { paintBackground } from "./background.ts";
import type { Placed, Scene } from "./scene.ts";
import { shapes } from "./shapes.ts";

/** Receives a pixel near a shape: signed distance in pixels, and position along the shape's x axis in pixels. */
type Visit = (x: number, y: number, distance: number, along: number) => void;

/** Visits the pixels of a shape's box, sampled at their centres. */
function trace(object: Placed, { width, height }: Size, visit: Visit): void {
  const { rx, ry } = object;
  const distance = shapes[object.shape];
  const unit = Math.min(rx, ry);
  const [c, s] = [Math.cos(object.rotation), Math.sin(object.rotation)];
  const [left, right] = [Math.max(0, Math.floor(object.x - object.hx - 1)), Math.min(width - 1, Math.ceil(object.x + object.hx + 1))];
  const [top, bottom] = [Math.max(0, Math.floor(object.y - object.hy - 1)), Math.min(height - 1, Math.ceil(object.y + object.hy + 1))];
  for (let y = top; y <= bottom; y++) {
    for (let x = left; x <= right; x++) {
      const dx = x + 0.5 - object.x, dy = y + 0.5 - object.y;
      const along = c * dx + s * dy;
      visit(x, y, distance(along / rx, (c * dy - s * dx) / ry) * unit, along);
    }
  }
}

/**
 * Which object is seen at each pixel: its position in `scene.objects`, or −1 for background.
 * A pixel belongs to a shape that covers its centre; translucent shapes hide what lies behind as opaque ones do.
 * @returns [height, width]
 */
export function visibleObjects(scene: Scene, size: Size): Int16Array {
  const owner = new Int16Array(size.width * size.height).fill(-1);
  scene.objects.forEach((object, i) => trace(object, size, (x, y, distance) => {
    if (distance <= 0) owner[y * size.width + x] = i;
  }));
  return owner;
}

/** Width in pixels of a border: thin on small shapes, so that a filled shape never looks like a ring. */
function rimWidth(object: Placed): number {
  return Math.max(1, 0.11 * Math.min(object.rx, object.ry));
}

function paintObject(image: Float32Array, size: Size, object: Placed): void {
  const { colour, rim, fill } = object;
  const border = fill === "bordered" || fill === "translucent" ? rimWidth(object) : 0;
  const wave = fill === "striped" ? Math.PI / Math.max(1.5, 0.22 * object.rx) : 0;
  const body = fill === "translucent" ? 0.6 : 1;
  trace(object, size, (x, y, distance, along) => {
    const cover = Math.min(1, 0.5 - distance);
    if (cover <= 0) return;
    const edge = Math.min(1, Math.max(0, distance + border + 0.5)) * (border > 0 ? 1 : 0);
    const shade = wave > 0 ? 1 + 0.22 * Math.sin(along * wave) : 1;
    const alpha = cover * (body + (1 - body) * edge);
    const o = (y * size.width + x) * 3;
    for (let c = 0; c < 3; c++) {
      const value = colour[c] * shade * (1 - edge) + rim[c] * edge;
      image[o + c] += alpha * (value - image[o + c]);
    }
  });
}

/** 1024 draws of the normal distribution, from which the noise of every pixel is taken. */
function normalTable(random: Random): Float32Array {
  return Float32Array.from({ length: 1024 }, () => random.normal());
}

/** Adds pixel noise of deviation `sd` and rounds to 8 bits. One draw gives the three channels. */
function toBytes(image: Float32Array, sd: number, random: Random): Uint8Array {
  const table = normalTable(random);
  const out = new Uint8Array(image.length);
  for (let i = 0; i < image.length; i += 3) {
    const bits = random.next() * 4294967296;
    for (let c = 0, shift = 0; c < 3; c++, shift += 10) {
      const value = (image[i + c] + sd * table[(bits >>> shift) & 1023]) * 255;
      out[i + c] = value <= 0 ? 0 : value >= 255 ? 255 : Math.round(value);
    }
  }
  return out;
}

/** Deviation of the pixel noise, of 1. */
const noise = 0.03;

/** Draws a scene; `random` gives the texture. */
export function render(scene: Scene, size: Size, random: Random): Pixels {
  const image = paintBackground(size, scene.grid, random);
  for (const object of scene.objects) paintObject(image, size, object);
  return { data: toBytes(image, noise, random), width: size.width, height: size.height };
}
