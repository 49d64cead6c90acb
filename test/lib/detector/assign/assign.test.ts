import { describe, expect, it } from "vitest";
import type { Target } from "../../../../lib/data/batch.ts";
import { denseTargets, type DenseTargetOptions } from "../../../../lib/detector/assign/dense-targets.ts";
import { assignMaxIou, background, ignored, matchOverlaps } from "../../../../lib/detector/assign/max-iou.ts";

describe("assignment by maximal IoU", () => {
  it("parts positive, ignored and background at the thresholds, which belong to the better side", () => {
    expect(Array.from(matchOverlaps([0.5, 0.49, 0.4, 0.39], 4, { positive: 0.5, negative: 0.4, lowQuality: "none" }))).toEqual([0, ignored, ignored, background]);
  });

  it("treats an object's best anchors as the conventions say", () => {
    const overlaps = [0.3, 0.3, 0.1, 0.2, 0.35, 0.35];
    const match = (lowQuality: "own" | "served" | "served-first", minPositive = 0) => Array.from(matchOverlaps(overlaps, 3, { positive: 0.5, negative: 0.4, lowQuality, minPositive }));
    expect(match("own")).toEqual([0, 1, 1]);
    expect(match("served")).toEqual([0, 1, 1]);
    expect(match("served-first")).toEqual([0, 1, background]);
    expect(match("served", 0.32)).toEqual([background, 1, 1]);
  });

  it("without objects makes everything background", () => {
    expect(Array.from(assignMaxIou([0, 0, 1, 1, 2, 2, 3, 3], [], { positive: 0.5, negative: 0.4, lowQuality: "own" }))).toEqual([background, background]);
  });
});

describe("targets of a batch", () => {
  const options: DenseTargetOptions = {
    anchors: [0, 0, 10, 10, 20, 20, 30, 30, 0, 0, 10, 21],
    classes: 3,
    assign: { positive: 0.5, negative: 0.4, lowQuality: "none" },
    region: "all",
    coder: { weights: [1, 1, 1, 1], clamp: "above" },
    regress: "deltas",
    normaliser: "batch",
  };
  const target = (boxes: number[], labels: number[]): Target => ({ image: 0, imageId: 0, boxes: Float32Array.from(boxes), labels: Int32Array.from(labels), width: 40, height: 40, scaleX: 1, scaleY: 1, flipped: false });
  const batch = [target([], []), target([0, 0, 10, 10, 20, 20, 30, 30], [2, 0])];

  it("hold flat positions, weights by the normaliser, and zero where ignored", () => {
    const found = denseTargets(batch, options);
    expect(found.positives).toEqual([0, 2]);
    expect(Array.from(found.rows)).toEqual([3, 4]);
    expect(Array.from(found.positions)).toEqual([3 * 3 + 2, 4 * 3 + 0]);
    expect(Array.from(found.weights, (w) => Number(w.toFixed(6)))).toEqual([0.333333, 0.333333, 0.333333, 0.333333, 0.333333, 0]);
    expect(Array.from(found.regression).map(Math.abs)).toEqual(new Array(8).fill(0));
  });

  it("are divided per image, or not at all", () => {
    expect(Array.from(denseTargets(batch, { ...options, normaliser: "image" }).weights)).toEqual([0.5, 0.5, 0.5, 0.25, 0.25, 0]);
    expect(Array.from(denseTargets(batch, { ...options, normaliser: "none" }).weights)).toEqual([1, 1, 1, 1, 1, 0]);
  });

  it("without positives still have one row, of weight 0", () => {
    const found = denseTargets([target([], [])], options);
    expect([found.rows.length, found.positiveWeights[0], found.regression.length]).toEqual([1, 0, 4]);
  });

  it("give the objects' boxes where the loss wants them", () => {
    expect(Array.from(denseTargets(batch, { ...options, regress: "boxes" }).regression)).toEqual([0, 0, 10, 10, 20, 20, 30, 30]);
  });
});
