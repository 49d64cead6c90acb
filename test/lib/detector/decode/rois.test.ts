import { describe, expect, it } from "vitest";
import { decodeRois } from "../../../../lib/detector/decode/rois.ts";

const options = { classes: 2, background: "last", agnostic: true, scoreThreshold: 0.3, nms: 0.5, maxDetections: 10, minSize: 0, coder: { weights: [1, 1, 1, 1], clamp: "above" } } as const;
const image = { width: 30, height: 30 };
/** Two regions that overlap and one apart; scores of class 0, class 1, background. */
const regions = { boxes: Float32Array.of(0, 0, 10, 10, 0, 0, 10, 9, 20, 20, 40, 30), probabilities: Float32Array.of(0.6, 0.4, 0, 0.5, 0.2, 0.3, 0.1, 0.31, 0.59), deltas: new Float32Array(12) };

describe("decodeRois", () => {
  it("lets a region be of several classes, suppresses within a class, cuts to the image", () => {
    const found = decodeRois(regions, image, options);
    expect([...found.labels]).toEqual([0, 1, 1]);
    for (const [i, score] of [0.6, 0.4, 0.31].entries()) expect(found.scores[i]).toBeCloseTo(score, 6);
    expect([...found.boxes.subarray(8)]).toEqual([20, 20, 30, 30]);
  });

  it("reads each class's own box, the background's column being first or last", () => {
    const deltas = Float32Array.from({ length: 12 }, (_, k) => (k === 8 ? 1 : 0)); // group 2: class 1 of torchvision
    const one = { boxes: Float32Array.of(0, 0, 10, 10), probabilities: Float32Array.of(0.1, 0.2, 0.7), deltas };
    expect(decodeRois(one, image, { ...options, agnostic: false, background: "first" })).toEqual({ boxes: Float32Array.of(10, 0, 20, 10), scores: Float32Array.of(0.7), labels: Int32Array.of(1) });
  });

  it("drops boxes that lie outside the image where the source does, in the end", () => {
    const beside = { ...regions, boxes: Float32Array.of(40, 0, 50, 10, 0, 0, 10, 9, 20, 20, 40, 30) };
    expect([...decodeRois(beside, image, { ...options, maxDetections: 2 }).scores].map((s) => s.toFixed(1))).toEqual(["0.6", "0.5"]);
    expect([...decodeRois(beside, image, { ...options, maxDetections: 2, dropEmpty: true }).scores].map((s) => s.toFixed(1))).toEqual(["0.5"]);
  });

  it("keeps the best, drops small and broken boxes", () => {
    expect(decodeRois(regions, image, { ...options, maxDetections: 1 }).scores).toHaveLength(1);
    expect(decodeRois(regions, { width: 30, height: 20.5 }, { ...options, minSize: 1 }).scores).toHaveLength(2);
    const broken = { ...regions, deltas: regions.deltas.map((_, k) => (k < 4 ? NaN : 0)) };
    expect(decodeRois(broken, image, options).boxes.every(Number.isFinite)).toBe(true);
    expect(decodeRois({ ...regions, probabilities: regions.probabilities.map(() => NaN) }, image, options).scores).toHaveLength(0);
  });
});
