import type { Random } from "../../tensor/random.ts";
import type { Size } from "../resize.ts";

/** RGB, each 0 to 1. */
export type Colour = readonly [number, number, number];

/** Random colours on a square lattice that spans the image: [cells + 1, cells + 1, 3]. */
export interface Grid {
  readonly cells: number;
  readonly values: Float32Array;
}

const cells = 4;

/** A muted base colour and deviations from it. */
export function backgroundGrid(random: Random): Grid {
  const base = random.uniform(0.3, 0.65);
  const tint = [random.uniform(-0.1, 0.1), random.uniform(-0.1, 0.1), random.uniform(-0.1, 0.1)];
  const values = new Float32Array((cells + 1) ** 2 * 3);
  for (let i = 0; i < values.length; i += 3) {
    const light = random.uniform(-0.14, 0.14);
    for (let c = 0; c < 3; c++) values[i + c] = base + tint[c] + light + random.uniform(-0.07, 0.07);
  }
  return { cells, values };
}

function smooth(t: number): number {
  return t * t * (3 - 2 * t);
}

/** Colour at relative position u, v in [0, 1], by smoothstep interpolation. */
export function gridColour({ values }: Grid, u: number, v: number): Colour {
  const locate = (t: number) => {
    const cell = Math.min(cells - 1, Math.floor(t * cells));
    return [cell, smooth(t * cells - cell)];
  };
  const [x, a] = locate(u);
  const [y, b] = locate(v);
  const at = (y * (cells + 1) + x) * 3;
  const mix = (c: number) => {
    const top = values[at + c] + a * (values[at + 3 + c] - values[at + c]);
    const k = at + 3 * (cells + 1);
    return top + b * (values[k + c] + a * (values[k + 3 + c] - values[k + c]) - top);
  };
  return [mix(0), mix(1), mix(2)];
}

/** [height, width, 3], 0 to 1: the lattice interpolated, one row of lattice colours at a time. */
function paintGrid(image: Float32Array, { width, height }: Size, { values }: Grid): void {
  const rowLength = 3 * (cells + 1);
  const row = new Float32Array(rowLength);
  const columns = Array.from({ length: width }, (_, x) => Math.min(cells - 1, Math.floor(((x + 0.5) / width) * cells)));
  const weights = Float32Array.from(columns, (cell, x) => smooth(((x + 0.5) / width) * cells - cell));
  for (let y = 0, o = 0; y < height; y++) {
    const cell = Math.min(cells - 1, Math.floor(((y + 0.5) / height) * cells));
    const b = smooth(((y + 0.5) / height) * cells - cell);
    for (let k = 0; k < rowLength; k++) row[k] = values[cell * rowLength + k] * (1 - b) + values[(cell + 1) * rowLength + k] * b;
    for (let x = 0; x < width; x++) {
      const k = columns[x] * 3, a = weights[x];
      for (let c = 0; c < 3; c++, o++) image[o] = row[k + c] + a * (row[k + 3 + c] - row[k + c]);
    }
  }
}

function paintStripes(image: Float32Array, { width, height }: Size, random: Random): void {
  const angle = random.uniform(0, Math.PI);
  const frequency = (2 * Math.PI) / (Math.min(width, height) * random.uniform(0.06, 0.25));
  const phase = random.uniform(0, 2 * Math.PI);
  const strength = [random.uniform(-0.06, 0.06), random.uniform(-0.06, 0.06), random.uniform(-0.06, 0.06)];
  const [fx, fy] = [frequency * Math.cos(angle), frequency * Math.sin(angle)];
  for (let y = 0, o = 0; y < height; y++) {
    for (let x = 0; x < width; x++, o += 3) {
      const wave = Math.sin(fx * x + fy * y + phase);
      for (let c = 0; c < 3; c++) image[o + c] += strength[c] * wave;
    }
  }
}

/** A thin straight line across the image, anti-aliased; steps along its longer direction. */
function paintLine(image: Float32Array, { width, height }: Size, random: Random): void {
  const angle = random.uniform(0, Math.PI);
  const [nx, ny] = [Math.sin(angle), -Math.cos(angle)];
  const through = random.uniform(0.1, 0.9) * width * nx + random.uniform(0.1, 0.9) * height * ny;
  const half = random.uniform(0.4, 0.9) * Math.max(1, Math.min(width, height) / 192);
  const light = random.uniform(0.12, 0.3) * (random.next() < 0.5 ? -1 : 1);
  const steep = Math.abs(nx) > Math.abs(ny);
  const [outer, inner] = steep ? [height, width] : [width, height];
  const reach = Math.ceil((half + 1) * 1.5);
  for (let i = 0; i < outer; i++) {
    const middle = steep ? (through - ny * (i + 0.5)) / nx : (through - nx * (i + 0.5)) / ny;
    for (let j = Math.max(0, Math.floor(middle) - reach); j <= Math.min(inner - 1, Math.floor(middle) + reach); j++) {
      const [x, y] = steep ? [j, i] : [i, j];
      const cover = Math.min(1, Math.max(0, half + 0.5 - Math.abs(nx * (x + 0.5) + ny * (y + 0.5) - through)));
      const o = (y * width + x) * 3;
      for (let c = 0; c < 3; c++) image[o + c] += light * cover;
    }
  }
}

/** [height, width, 3] float32, about 0 to 1: smooth colour noise, stripes, and two to five thin lines. */
export function paintBackground(size: Size, grid: Grid, random: Random): Float32Array {
  const image = new Float32Array(size.width * size.height * 3);
  paintGrid(image, size, grid);
  paintStripes(image, size, random);
  const lines = 2 + random.integer(4);
  for (let i = 0; i < lines; i++) paintLine(image, size, random);
  return image;
}
