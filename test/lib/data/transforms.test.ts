import { describe, expect, it } from "vitest";
import type { Plan, Transforms } from "../../../lib/data/transforms.ts";
import { batchSizeOf, checkTransforms, moveBox, moveTargets, paint, plan } from "../../../lib/data/transforms.ts";
import { normalisations, rowWriter } from "../../../lib/data/normalise.ts";
import { random } from "../../../lib/tensor/random.ts";
import { box, memoryDataset, noise } from "./fixtures.ts";

const plain = rowWriter({ order: "rgb", mean: [0, 0, 0], std: [1, 1, 1] });

function painted(pixels: { data: Uint8Array; width: number; height: number }, to: Plan, write = plain): Float32Array {
  const out = new Float32Array(to.width * to.height * 3);
  paint(pixels, to, write, { out, offset: 0, rowLength: to.width * 3 });
  return out;
}

/** A black image with a white rectangle. */
function rectangle(width: number, height: number, [x, y, w, h]: readonly number[]) {
  const data = new Uint8Array(width * height * 3);
  for (let i = y; i < y + h; i++) data.fill(255, (i * width + x) * 3, (i * width + x + w) * 3);
  return { data, width, height };
}

/** Edges of the bright part, from its mass: exact under linear interpolation away from the border. */
function brightBox(image: Float32Array, width: number, height: number): number[] {
  const columns = new Float64Array(width), rows = new Float64Array(height);
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) { const v = image[(y * width + x) * 3] / 255; columns[x] += v; rows[y] += v; }
  const span = (mass: Float64Array) => {
    const peak = Math.max(...mass), total = mass.reduce((s, v) => s + v, 0) / peak;
    const centre = mass.reduce((s, v, i) => s + v * (i + 0.5), 0) / (total * peak);
    return [centre - total / 2, centre + total / 2];
  };
  const [[x1, x2], [y1, y2]] = [span(columns), span(rows)];
  return [x1, y1, x2, y2];
}

describe("moveBox and paint", () => {
  it("move boxes with pixels: a painted box is found where its box went", () => {
    const u = random("move", 1);
    for (let i = 0; i < 40; i++) {
      const from = { width: 40 + u.integer(40), height: 40 + u.integer(40) };
      const xywh = [8 + u.integer(8), 8 + u.integer(8), 10 + u.integer(10), 10 + u.integer(10)] as const;
      const to = { width: 30 + u.integer(120), height: 30 + u.integer(120), flipX: u.next() < 0.5, flipY: u.next() < 0.5 };
      const seen = brightBox(painted(rectangle(from.width, from.height, xywh), to), to.width, to.height);
      const moved = moveBox(xywh, from, to);
      const step = Math.max(1, to.width / from.width, to.height / from.height);
      moved.forEach((edge, k) => expect(Math.abs(edge - seen[k]), `case ${i}, edge ${k}`).toBeLessThan(0.51 * step));
    }
  });

  it("move boxes exactly without a change of size", () => {
    for (const [flipX, flipY] of [[false, false], [true, false], [false, true], [true, true]]) {
      const to = { width: 50, height: 40, flipX, flipY };
      const seen = brightBox(painted(rectangle(50, 40, [7, 9, 11, 13]), to), 50, 40);
      moveBox([7, 9, 11, 13], { width: 50, height: 40 }, to).forEach((edge, k) => expect(edge).toBeCloseTo(seen[k], 6));
    }
  });

  it("mirrored twice are what they were", () => {
    const image = noise(17, 11, 3);
    const once = painted(image, { width: 17, height: 11, flipX: true, flipY: true });
    const twice = painted({ data: Uint8Array.from(once), width: 17, height: 11 }, { width: 17, height: 11, flipX: true, flipY: true });
    expect([...twice]).toEqual([...image.data]);
    expect([...once]).not.toEqual([...image.data]);
    const size = { width: 17, height: 11 };
    const [x1, y1, x2, y2] = moveBox([2, 3, 5, 4], size, { ...size, flipX: true, flipY: true });
    expect(moveBox([x1, y1, x2 - x1, y2 - y1], size, { ...size, flipX: true, flipY: true })).toEqual([2, 3, 7, 7]);
  });

  it("clip boxes that overhang", () => {
    expect(moveBox([-1, 5, 12, 40], { width: 10, height: 40 }, { width: 20, height: 40, flipX: false, flipY: false })).toEqual([0, 5, 20, 40]);
  });
});

describe("normalisation", () => {
  it.each(Object.keys(normalisations) as (keyof typeof normalisations)[])("%s is (x − mean)/std in its channel order, mirrored or not", (name) => {
    const { order, mean, std } = normalisations[name];
    const image = noise(6, 1, name);
    for (const flipX of [false, true]) {
      const out = painted(image, { width: 6, height: 1, flipX, flipY: false }, rowWriter(name));
      for (let x = 0; x < 6; x++) for (let c = 0; c < 3; c++) {
        const source = image.data[(flipX ? 5 - x : x) * 3 + (order === "rgb" ? c : 2 - c)];
        expect(out[x * 3 + c]).toBeCloseTo((source - mean[c]) / std[c], 4);
      }
    }
  });

  it("refuses an unknown preset", () => expect(() => rowWriter("imagenet" as never)).toThrow(/"imagenet" is unknown; allowed: torchvision, caffe, simple/));
});

describe("moveTargets", () => {
  const dataset = memoryDataset([noise(20, 10, 1)], [[box(1, 0, [2, 1, 4, 5], 5), box(2, 0, [0, 0, 20, 10], 2, true), box(3, 0, [20, 0, 2, 5]), box(4, 0, [10, 4, 12, 8], 2)]]);
  it("labels by position, leaves crowds and boxes without area out, clips", () => {
    const target = moveTargets(dataset, 0, { width: 40, height: 30, flipX: true, flipY: false }, { labels: new Map([[2, 0], [5, 1]]) });
    expect([...target.labels]).toEqual([1, 0]);
    expect([...target.boxes]).toEqual([28, 3, 36, 18, 0, 12, 20, 30]);
    expect(target).toMatchObject({ image: 0, imageId: 1, width: 40, height: 30, scaleX: 2, scaleY: 3, flipped: true });
  });
});

describe("plan", () => {
  const size = { width: 640, height: 480 };
  const draws = (transforms: Transforms, n = 400) => Array.from({ length: n }, (_, i) => plan(size, transforms, random("plan", i)));

  it("keeps, fixes or scales the size", () => {
    expect(plan(size, {})).toEqual({ ...size, flipX: false, flipY: false });
    expect(plan(size, { resize: { kind: "fixed", width: 100, height: 50 } })).toMatchObject({ width: 100, height: 50 });
    expect(plan(size, { resize: { kind: "edge", short: 800, long: 1333 } })).toMatchObject({ width: 1067, height: 800 });
    expect(plan(size, { resize: { kind: "scale", factor: 0.5 } })).toMatchObject({ width: 320, height: 240 });
  });

  it("draws one of several edges, or any within a range, or a factor", () => {
    const choices = draws({ resize: { kind: "edge", short: [240, 360, 480] } }).map((p) => p.height);
    expect(new Set(choices)).toEqual(new Set([240, 360, 480]));
    const range = draws({ resize: { kind: "edge", short: { from: 240, to: 244 } } }).map((p) => p.height);
    expect(new Set(range)).toEqual(new Set([240, 241, 242, 243, 244]));
    const widths = draws({ resize: { kind: "scale", factor: { from: 0.5, to: 2 } } }).map((p) => p.width);
    expect(Math.min(...widths)).toBeGreaterThanOrEqual(320);
    expect(Math.max(...widths)).toBeLessThanOrEqual(1280);
    expect(Math.max(...widths) - Math.min(...widths)).toBeGreaterThan(800);
  });

  it("mirrors with the stated probability, and never without a stream", () => {
    const share = draws({ flip: 0.25, verticalFlip: 0.75 }, 2000);
    expect(share.filter((p) => p.flipX).length / 2000).toBeCloseTo(0.25, 1);
    expect(share.filter((p) => p.flipY).length / 2000).toBeCloseTo(0.75, 1);
    expect(plan(size, { flip: 1, verticalFlip: 1 })).toMatchObject({ flipX: false, flipY: false });
    expect(plan(size, { flip: 1 }, random(1))).toMatchObject({ flipX: true });
  });

  it.each<[Transforms, RegExp]>([
    [{ flip: 1.5 }, /flip is a probability/], [{ padTo: 0 }, /padTo/], [{ resize: { kind: "edge", short: [] } }, /resize\.short/],
    [{ resize: { kind: "fixed", width: -1, height: 4 } }, /resize\.width/], [{ resize: { kind: "scale", factor: { from: 0, to: 1 } } }, /resize\.factor/],
    [{ resize: { kind: "edges" as "edge", short: 64 } }, /resize\.kind received "edges", allowed none, fixed, edge, scale/],
    [{ resize: { kind: "edge", short: 64, max: 3 } as never }, /resize of kind "edge" has no max, allowed kind, short, long, rule/],
    [{ resize: { kind: "edge", short: 64, rule: "mmdet" as "mmcv" } }, /resize\.rule received "mmdet", allowed mmcv, detectron2, torchvision/],
    [{ normalise: "imagenet" as "caffe" }, /normalisation "imagenet" is unknown/],
    [{ normalise: { order: "rbg" as "rgb", mean: [0, 0, 0], std: [1, 1, 1] } }, /the order "rgb" or "bgr"/],
    [{ normalise: { order: "rgb", mean: [0, 0, 0], std: [1, 0, 1] } }, /three deviations above 0/],
    [{ normalise: { order: "rgb", mean: [0, 0] as never, std: [1, 1, 1] } }, /three finite means/],
  ])("refuses %j", (transforms, message) => expect(() => checkTransforms(transforms)).toThrow(message));

  it("pads the largest sides to a multiple", () => expect(batchSizeOf([{ width: 33, height: 10 }, { width: 5, height: 64 }])).toEqual({ width: 64, height: 64 }));
});
