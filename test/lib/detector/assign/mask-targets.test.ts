import { describe, expect, it } from "vitest";
import { maskTargets, type MaskTargetOptions } from "../../../../lib/detector/assign/mask-targets.ts";
import { random } from "../../../../lib/tensor/random.ts";
import { encodeRle, type Rle } from "../../../../lib/tensor/masks/rle.ts";

interface Bitmap { readonly height: number; readonly width: number; readonly bits: Uint8Array }

function blobs(height: number, width: number, seed: number): Bitmap {
  const stream = random(seed, "blobs");
  const bits = new Uint8Array(height * width);
  for (let k = 0; k < 3; k++) {
    const [cx, cy, r] = [stream.uniform(0, width), stream.uniform(0, height), stream.uniform(2, 8)];
    for (let i = 0; i < bits.length; i++) if (((i % width) + 0.5 - cx) ** 2 + (Math.floor(i / width) + 0.5 - cy) ** 2 < r * r) bits[i] = 1;
  }
  return { height, width, bits };
}

function runs({ height, width, bits }: Bitmap): Rle {
  return encodeRle(bits, { height, width });
}

/** RoIAlign sample by sample, as its definition reads. */
function direct({ height: H, width: W, bits }: Bitmap, [x1, y1, x2, y2]: readonly number[], { size, aligned, canvas = { height: H, width: W } }: MaskTargetOptions): number[] {
  const shift = aligned ? 0.5 : 0;
  const side = (v: number) => (aligned ? v : Math.max(v, 1));
  const [w, h] = [side(x2 - x1), side(y2 - y1)];
  const [nx, ny] = [Math.ceil(w / size), Math.ceil(h / size)];
  const pixel = (y: number, x: number) => (y < H && x < W ? bits[y * W + x] : 0);
  const sample = (y: number, x: number) => {
    if (y < -1 || y > canvas.height || x < -1 || x > canvas.width) return 0;
    const [yy, xx] = [Math.min(Math.max(y, 0), canvas.height - 1), Math.min(Math.max(x, 0), canvas.width - 1)];
    const [r, c] = [Math.floor(yy), Math.floor(xx)];
    const [fy, fx] = [yy - r, xx - c];
    const [r2, c2] = [Math.min(r + 1, canvas.height - 1), Math.min(c + 1, canvas.width - 1)];
    return (1 - fy) * ((1 - fx) * pixel(r, c) + fx * pixel(r, c2)) + fy * ((1 - fx) * pixel(r2, c) + fx * pixel(r2, c2));
  };
  return Array.from({ length: size * size }, (_, k) => {
    const [row, column] = [Math.floor(k / size), k % size];
    let sum = 0;
    for (let i = 0; i < ny; i++) for (let j = 0; j < nx; j++) sum += sample(y1 - shift + (row + (i + 0.5) / ny) * (h / size), x1 - shift + (column + (j + 0.5) / nx) * (w / size));
    return nx * ny === 0 ? 0 : sum / (nx * ny);
  });
}

const boxes = [
  [3.2, 4.1, 20.7, 18.9], [0, 0, 30, 24], [-4, -3.5, 6, 8], [25.5, 20.25, 30, 24], [10, 10, 10.3, 10.2], [29.9, 3, 40, 30], [12, 5, 12, 9], [-9, -9, -6, -6],
];

describe("mask targets", () => {
  it.each([
    { size: 7, aligned: true, binary: false },
    { size: 7, aligned: false, binary: false },
    { size: 5, aligned: true, binary: false, canvas: { height: 32, width: 32 } },
  ])("are RoIAlign of the mask: %j", (options) => {
    const masks = [1, 2].map((seed) => blobs(24, 30, seed));
    const objects = boxes.map((_, i) => i % 2);
    const targets = maskTargets(masks.map(runs), { boxes: boxes.flat(), objects }, options);
    const area = options.size ** 2;
    for (const [i, box] of boxes.entries()) {
      for (const [k, value] of direct(masks[objects[i]], box, options).entries()) expect(targets[i * area + k], `box ${i}, cell ${k}`).toBeCloseTo(value, 6);
    }
  });

  it("are ones from a half on where they are binary", () => {
    const mask = runs({ height: 4, width: 4, bits: Uint8Array.of(1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1) });
    const options = { size: 2, aligned: true } as const;
    const region = { boxes: [0, 0, 4, 4], objects: [0] };
    expect(Array.from(maskTargets([mask], region, { ...options, binary: false }))).toEqual([0.75, 0, 0, 0.25]);
    expect(Array.from(maskTargets([mask], region, { ...options, binary: true }))).toEqual([1, 0, 0, 0]);
    const tie = runs({ height: 2, width: 2, bits: Uint8Array.of(1, 0, 0, 1) });
    expect(Array.from(maskTargets([tie], { boxes: [0, 0, 2, 2], objects: [0] }, { size: 1, aligned: true, binary: true }))).toEqual([1]);
  });

  it("of masks without a pixel, or full of them, are constant", () => {
    const empty = runs({ height: 9, width: 7, bits: new Uint8Array(63) });
    const full = runs({ height: 9, width: 7, bits: new Uint8Array(63).fill(1) });
    const targets = maskTargets([empty, full], { boxes: [0, 0, 7, 9, 1, 1, 6, 5], objects: [0, 1] }, { size: 3, aligned: true, binary: false });
    for (const [k, value] of targets.entries()) expect(value).toBeCloseTo(k < 9 ? 0 : 1, 12);
  });

  it("of a box of any size are computed in the time that the mask takes", () => {
    const full = runs({ height: 9, width: 7, bits: new Uint8Array(63).fill(1) });
    const targets = maskTargets([full], { boxes: [-1e12, 1, 1e12, 5], objects: [0] }, { size: 3, aligned: true, binary: false });
    // Some 8 of the middle bin's 2e12 / 3 samples per row lie in the mask's columns, none of the others'.
    for (const [k, value] of targets.entries()) expect(value * (2e12 / 3), `cell ${k}`).toBeCloseTo(k % 3 === 1 ? 8 : 0, 1);
  });
});
