import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { normalisations, rowWriter } from "../../lib/data/normalise.ts";
import { resizeBilinear } from "../../lib/data/resize.ts";
import type { SizeRule } from "../../lib/data/size-rules.ts";
import { edgeSize, paddedSize } from "../../lib/data/size-rules.ts";
import { moveBox } from "../../lib/data/transforms.ts";
import { oracleFolder } from "../shared.ts";

interface Formula { readonly shape: number[]; readonly seed: number; readonly scale: number; readonly offset: number }
interface Values { readonly shape: number[]; readonly data: number[] }
interface Samples { readonly shape: number[]; readonly index: number[]; readonly value: number[]; readonly mean: number; readonly std: number; readonly sumsq: number }
interface SizesCase { readonly params: { min_size?: number; max_size?: number; short?: number; max?: number }; readonly inputs: { sizes: [number, number][] }; readonly expected: Readonly<Record<string, [number, number][]>> }
interface BoxesCase { readonly params: { size: [number, number]; min_size: number; max_size: number }; readonly inputs: { boxes: Values }; readonly expected: { torchvision_size: [number, number]; torchvision: Values; mmdet_size: [number, number]; scale_factor_wh: [number, number]; mmdet: Values; mmdet_flipped: Values }; readonly tolerance: number }
interface ImageCase { readonly params: { size: [number, number] }; readonly inputs: { image_uniform: Formula }; readonly expected: { opencv: Samples; torch: Samples; normalised: Samples }; readonly tolerance: { opencv: number; torch: number; normalised: number } }
interface ResizeCase { readonly params: { size?: [number, number] }; readonly inputs: { x: Formula }; readonly expected: Readonly<Record<string, { y: Samples }>>; readonly tolerance?: unknown }

/** The oracles' generated tensor: float32(offset + scale · u_i) with u from mulberry32. */
function make({ shape, seed, scale, offset }: Formula): Float32Array {
  let a = seed;
  return Float32Array.from({ length: shape.reduce((p, n) => p * n, 1) }, () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return offset + scale * (((t ^ (t >>> 14)) >>> 0) / 4294967296);
  });
}

function cases<T>(file: string, prefix: string): [string, T][] {
  const folder = oracleFolder("detectors");
  if (folder === undefined || !existsSync(join(folder, file))) return [];
  const { cases: all } = JSON.parse(readFileSync(join(folder, file), "utf8")) as { cases: ({ name: string } & T)[] };
  return all.filter(({ name }) => name.startsWith(prefix)).map((one) => [one.name, one]);
}

function worst(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  expect(actual.length).toBe(expected.length);
  let most = 0;
  for (let i = 0; i < expected.length; i++) {
    const error = Math.abs(actual[i] - expected[i]);
    if (!(error <= most)) most = Number.isNaN(error) ? Infinity : error;
  }
  return most;
}

/** Samples within the tolerance, and the whole tensor's moments where both are the same computation. */
function expectSamples(actual: Float32Array, { shape, index, value, ...moments }: Samples, tolerance: number, whole: boolean): void {
  expect(actual.length).toBe(shape.reduce((p, n) => p * n, 1));
  expect(worst(index.map((i) => actual[i]), value)).toBeLessThanOrEqual(tolerance);
  if (!whole) return;
  const mean = actual.reduce((s, v) => s + v, 0) / actual.length;
  const sumsq = actual.reduce((s, v) => s + v * v, 0);
  expect(Math.abs(mean - moments.mean)).toBeLessThanOrEqual(tolerance);
  expect(Math.abs(Math.sqrt(sumsq / actual.length - mean * mean) - moments.std)).toBeLessThanOrEqual(tolerance);
  expect(Math.abs(sumsq / moments.sumsq - 1)).toBeLessThanOrEqual(1e-5);
}

const sizes = cases<SizesCase>("pipeline.json", "sizes/");
describe.skipIf(sizes.length === 0)("sizes", () => {
  it.each(sizes)("%s: torchvision, its padding, mmcv", (_name, { params, inputs, expected }) => {
    const by = (rule: SizeRule) => inputs.sizes.map(([height, width]) => edgeSize({ width, height }, params.min_size!, { long: params.max_size!, rule }));
    const asPairs = (all: { width: number; height: number }[]) => all.map(({ width, height }) => [height, width]);
    expect(asPairs(by("torchvision"))).toEqual(expected.torchvision);
    expect(asPairs(by("torchvision").map((size) => paddedSize(size, 32)))).toEqual(expected.torchvision_padded);
    expect(asPairs(by("mmcv"))).toEqual(expected.mmcv);
  });

  it.each(cases<SizesCase>("detectron2.json", "sizes/"))("detectron2 %s", (_name, { params, inputs, expected }) => {
    const own = inputs.sizes.map(([height, width]) => edgeSize({ width, height }, params.short!, { long: params.max!, rule: "detectron2" }));
    expect(own.map(({ width, height }) => [height, width])).toEqual(expected.sizes);
  });
});

const boxes = cases<BoxesCase>("pipeline.json", "boxes/");
describe.skipIf(boxes.length === 0)("boxes", () => {
  it.each(boxes)("%s: scaled as torchvision and mmdet do, and mirrored", (_name, { params, inputs, expected, tolerance }) => {
    const [height, width] = params.size;
    const move = (rule: SizeRule, flipX: boolean) => {
      const to = edgeSize({ width, height }, params.min_size, { long: params.max_size, rule });
      const moved: number[] = [];
      for (let i = 0; i < inputs.boxes.data.length; i += 4) {
        const [x1, y1, x2, y2] = inputs.boxes.data.slice(i, i + 4);
        moved.push(...moveBox([x1, y1, x2 - x1, y2 - y1], { width, height }, { ...to, flipX, flipY: false }));
      }
      return { size: [to.height, to.width], scale: [to.width / width, to.height / height], moved };
    };
    expect(move("torchvision", false).size).toEqual(expected.torchvision_size);
    expect(move("mmcv", false).size).toEqual(expected.mmdet_size);
    expect(worst(move("mmcv", false).scale, expected.scale_factor_wh)).toBeLessThan(1e-6);
    expect(worst(move("torchvision", false).moved, expected.torchvision.data)).toBeLessThanOrEqual(tolerance);
    expect(worst(move("mmcv", false).moved, expected.mmdet.data)).toBeLessThanOrEqual(tolerance);
    expect(worst(move("mmcv", true).moved, expected.mmdet_flipped.data)).toBeLessThanOrEqual(tolerance);
  });
});

const images = cases<ImageCase>("pipeline.json", "image_resize/");
describe.skipIf(images.length === 0)("images", () => {
  it.each(images)("%s: OpenCV's and PyTorch's bilinear, mmcv's normalisation", (_name, { params, inputs, expected, tolerance }) => {
    const [height, width] = inputs.image_uniform.shape;
    const image = Uint8Array.from(make(inputs.image_uniform), Math.floor);
    const resized = resizeBilinear(image, { width, height }, { width: params.size[1], height: params.size[0] });
    expectSamples(resized, expected.torch, tolerance.torch, true);
    expectSamples(resized.map(Math.round), expected.opencv, tolerance.opencv, false);
    const normalised = new Float32Array(image.length);
    rowWriter({ ...normalisations.torchvision, order: "bgr" })(image, normalised, 0, false);
    expectSamples(normalised, expected.normalised, tolerance.normalised, true);
  });
});

const tensors = cases<ResizeCase>("ops.json", "resize/");
describe.skipIf(tensors.length === 0)("float tensors", () => {
  it.each(tensors)("%s: PyTorch's interpolate, plane by plane", (_name, { params, inputs, expected }) => {
    const [n, c, h, w] = inputs.x.shape;
    const [height, width] = params.size!;
    const x = make(inputs.x);
    const planes = Array.from({ length: n * c }, (_, k) => [...resizeBilinear(x.subarray(k * h * w, (k + 1) * h * w), { width: w, height: h }, { width, height }, 1)]);
    expectSamples(Float32Array.from(planes.flat()), expected.bilinear.y, 1e-5, true);
  });
});
