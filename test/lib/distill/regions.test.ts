import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { loadBackend } from "../../../lib/backend/load.ts";
import { assignPoints } from "../../../lib/detector/assign/points.ts";
import type { Detector } from "../../../lib/detector/detector.ts";
import { retinanet } from "../../../lib/detector/retinanet.ts";
import { foregroundOf } from "../../../lib/distill/foreground.ts";
import { frsFeature } from "../../../lib/distill/frs.ts";
import { cellWeights, regionsOf, type RegionSelection } from "../../../lib/distill/region-weights.ts";
import { cellsIn, countRegions, firstAuthorsRegions, partition, regionNames, type Region } from "../../../lib/distill/regions.ts";
import { random } from "../../../lib/tensor/random.ts";
import { normal } from "../tensor/finite-difference.ts";
import { targetsOf } from "./tiny.ts";

beforeAll(async () => void (await loadBackend()));

const size = { height: 64, width: 96 };
const strides = [4, 8, 16];
const targets = targetsOf([3, 0, 4]).map((target) => ({ ...target, ...size, boxes: target.boxes.map((side) => 1.9 * side) }));
const detector = { name: "probe", strides };
const shapeAt = (stride: number): [number, number, number] => [targets.length, size.height / stride, size.width / stride];
const logitsOf = () => strides.map((stride) => normal([...shapeAt(stride), 6], `logits ${stride}`, { scale: 2, offset: -4 }) as tf.Tensor4D);
const context = { targets, detector, strides, size };
const exact = { arithmetic: "exact" } as const;

/** The feature term of random maps with a selection of regions. */
function loss(selection?: RegionSelection): number {
  return tf.tidy(() => {
    const maps = (key: string) => strides.map((stride) => normal([...shapeAt(stride), 5], `${key} ${stride}`) as tf.Tensor4D);
    const weights = cellWeights(logitsOf(), context, { ...exact, ...(selection && { selection }) });
    return [frsFeature(maps("student"), { maps: maps("teacher"), weights }).dataSync()[0]];
  })[0];
}

describe("the four regions", () => {
  it.each(["boxes", "scale"] as const)("%s: every cell is in the region that ground truth and score say", (foreground) => {
    const threshold = 0.1;
    const maps = logitsOf();
    const regions = regionsOf(maps, context, { foreground, threshold });
    strides.forEach((stride, l) => {
      const { cells, height, width } = regions[l];
      const logits = maps[l].dataSync<"float32">();
      expect(cells.length).toBe(targets.length * height * width);
      cells.forEach((region, cell) => {
        const [image, row, column] = [Math.floor(cell / (height * width)), Math.floor(cell / width) % height, cell % width];
        const [x, y] = [(column + 0.5) * stride, (row + 0.5) * stride];
        const { boxes } = targets[image];
        const inside = Array.from({ length: boxes.length / 4 }, (_, o) => boxes.subarray(4 * o, 4 * o + 4)).some(([x1, y1, x2, y2]) => {
          const far = Math.max(x - x1, y - y1, x2 - x, y2 - y);
          const served = (l === 0 || far > 4 * stride) && (l === strides.length - 1 || far <= 8 * stride);
          return x >= x1 && x <= x2 && y >= y1 && y <= y2 && (foreground === "boxes" || served);
        });
        const high = Math.max(...logits.subarray(6 * cell, 6 * cell + 6)) > Math.log(threshold / (1 - threshold));
        expect(regionNames[region]).toBe(inside ? (high ? "TP" : "FN") : high ? "FP" : "TN");
      });
    });
    const counts = countRegions(regions[0]);
    expect(Object.values(counts).every((count) => count > 0), JSON.stringify(counts)).toBe(true);
    expect(Object.values(counts).reduce((a, b) => a + b)).toBe(regions[0].cells.length);
    tf.dispose(maps);
  });

  it("scale: is FCOS's own assignment without centre sampling", () => {
    const levels = strides.map((stride) => {
      const [, height, width] = shapeAt(stride);
      const coordinates = Float64Array.from({ length: 2 * height * width }, (_, i) => ((i % 2 === 0 ? (i / 2) % width : Math.floor((i - 1) / 2 / width)) + 0.5) * stride);
      return { height, width, strideX: stride, strideY: stride, perCell: 1, kind: "point" as const, coordinates };
    });
    const ranges = [[-1, 32], [32, 64], [64, Infinity]] as const;
    targets.forEach((target) => {
      const assigned = assignPoints(levels, strides, target.boxes, { ranges, bounds: "inclusive", radius: Infinity });
      const zero = strides.map((stride) => ({ stride, ...levels[strides.indexOf(stride)] })).map((level) => ({ stride: level.stride, height: level.height, width: level.width, scores: new Float32Array(level.height * level.width) }));
      const cells = partition(zero, [target], detector, { foreground: "scale", size }).flatMap((level) => Array.from(cellsIn(level, ["TP", "FN"])));
      expect(cells).toEqual(Array.from(assigned, (object) => (object >= 0 ? 1 : 0)));
    });
  });

  it("assigned: is the detector's own assignment, any positive prior of a cell", () => {
    const real: Detector = retinanet({ classes: 3, seed: 1, channels: 16, backbone: "tiny-8" });
    const zero = real.strides.map((stride) => ({ stride, height: Math.ceil(size.height / stride), width: Math.ceil(size.width / stride) })).map((grid) => ({ ...grid, scores: new Float32Array(targets.length * grid.height * grid.width) }));
    const regions = partition(zero, targets, real, { ...firstAuthorsRegions, size });
    targets.forEach((target, image) => real.assignment!(target, size).forEach(({ objects, perCell, height, width }, l) => {
      const own = regions[l].cells.subarray(image * height * width, (image + 1) * height * width);
      own.forEach((region, cell) => expect(regionNames[region]).toBe(objects.subarray(cell * perCell, (cell + 1) * perCell).some((o) => o >= 0) ? "FN" : "TN"));
    }));
    expect(countRegions(regions[0]).FN).toBeGreaterThan(0);
    real.dispose();
    expect(() => partition(zero, targets, detector, { foreground: "assigned", size })).toThrow(/probe does not tell its assignment/);
  });

  it("all four together are FRS to the last bit", () => {
    expect(loss({ keep: ["TN", "FN", "FP", "TP"] })).toBe(loss());
    expect(loss({ keep: [...regionNames], normaliser: "all" })).toBe(loss());
  });

  it("add up over one normaliser", () => {
    const sum = regionNames.map((name) => loss({ keep: [name], normaliser: "all", threshold: 0.1 })).reduce((a, b) => a + b);
    expect(Math.abs(sum / loss() - 1)).toBeLessThan(1e-6);
  });

  it("TP + FP becomes FRS as the threshold goes to 0", () => {
    const far = [0.3, 0.03, 0.003, 0].map((threshold) => Math.abs(loss({ keep: ["TP", "FP"], threshold }) / loss() - 1));
    expect(far[0]).toBeGreaterThan(1e-3);
    expect(far[2]).toBeLessThan(far[0] / 10);
    expect(far[3]).toBe(0);
  });

  it("TP + FN does not depend on the threshold, TP does", () => {
    const at = (keep: readonly Region[]) => [0.01, 0.1, 0.3].map((threshold) => loss({ keep, threshold }));
    const [a, b, c] = at(["TP", "FN"]);
    expect([b, c]).toEqual([a, a]);
    expect(new Set(at(["TP"])).size).toBe(3);
  });

  it("binary: every kept cell counts the same, whatever its score", () => {
    const logits = logitsOf();
    const weights = cellWeights(logits, context, { ...exact, selection: { keep: ["FN"], weight: "binary" } });
    const levels = weights.map((map) => Array.from(map.dataSync()));
    tf.dispose([logits, weights]);
    for (const level of levels) {
      const kept = level.filter((w) => w > 0);
      expect(new Set(kept).size).toBeLessThanOrEqual(1);
      if (kept.length > 0) expect(Math.abs(kept.length * kept[0] - 1)).toBeLessThan(1e-6);
    }
  });

  it("takes boxes outside the image and without extent, and refuses what does not fit", () => {
    const grid = { stride: 8, height: 2, width: 3 };
    const of = (...boxes: number[]) => Array.from(foregroundOf([{ boxes: Float32Array.from(boxes) }], grid));
    expect(of(-50, -50, -1, -1)).toEqual([0, 0, 0, 0, 0, 0]);
    expect(of(-50, -50, 500, 500)).toEqual([1, 1, 1, 1, 1, 1]);
    expect(of(5, 5, 5, 5)).toEqual([0, 0, 0, 0, 0, 0]);
    expect(of(4, 4, 4, 4)).toEqual([1, 0, 0, 0, 0, 0]);
    const scores = new Float32Array(random("n").integer(3) + 7);
    expect(() => partition([{ ...grid, scores }], targets, detector, { size })).toThrow(/stride 8 has \d scores for 3 images of 2 × 3 cells/);
    expect(() => partition([], targets, detector, { size, foreground: "masks" as never })).toThrow(/foreground is "masks"; allowed: "boxes"/);
    expect(() => partition([], targets, detector, { size, threshold: -0.1 })).toThrow(/threshold is -0.1/);
  });
});

