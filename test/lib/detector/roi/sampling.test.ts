import { describe, expect, it } from "vitest";
import type { Target } from "../../../../lib/data/batch.ts";
import { sampleRois, type RoiSamplingOptions } from "../../../../lib/detector/roi/sampling.ts";

const options: RoiSamplingOptions = { classes: 5, assign: { positive: 0.5, negative: 0.5, lowQuality: "none" }, truth: "append", count: 100, positiveFraction: 0.25, seed: 0 };
const now = { iteration: 0 };

function target(boxes: readonly number[], labels: readonly number[]): Target {
  return { image: 0, imageId: 0, boxes: Float32Array.from(boxes), labels: Int32Array.from(labels), width: 100, height: 100, scaleX: 1, scaleY: 1, flipped: false };
}

const proposals = [{ boxes: Float32Array.from([0, 0, 10, 10, 50, 50, 60, 60, 0, 0, 9, 10]) }];

describe("sampleRois", () => {
  it("adds the ground truth after or before the proposals, or not", () => {
    const objects = target([0, 0, 10, 10], [3]);
    const [after] = sampleRois(proposals, [objects], options, now);
    expect([...after.labels]).toEqual([3, -1, 3, 3]);
    expect([...after.truths]).toEqual([0, 0, 0, 1]);
    const [before] = sampleRois(proposals, [objects], { ...options, truth: "prepend" }, now);
    expect([...before.labels]).toEqual([3, 3, -1, 3]);
    expect([...before.truths]).toEqual([1, 0, 0, 0]);
    expect(sampleRois(proposals, [objects], { ...options, truth: "none" }, now)[0].boxes).toEqual(proposals[0].boxes);
  });

  it("gives each ground-truth box that comes first to its own object, also when objects coincide", () => {
    const twice = target([0, 0, 10, 10, 0, 0, 10, 10], [1, 2]);
    expect([...sampleRois(proposals, [twice], { ...options, truth: "prepend" }, now)[0].objects].slice(0, 2)).toEqual([0, 1]);
    expect([...sampleRois(proposals, [twice], options, now)[0].objects].slice(3)).toEqual([0, 0]);
  });

  it("points into the target's own objects although empty ones are passed over", () => {
    const [sample] = sampleRois(proposals, [target([5, 5, 5, 9, 0, 0, 10, 10], [4, 2])], options, now);
    expect([...sample.objects]).toEqual([1, -1, 1, 1]);
    expect([...sample.labels]).toEqual([2, -1, 2, 2]);
  });

  it("takes images without proposals, objects or both", () => {
    const none = [{ boxes: new Float32Array(0) }];
    expect(sampleRois(none, [target([0, 0, 10, 10], [1])], options, now)[0].labels.length).toBe(1);
    expect([...sampleRois(proposals, [target([], [])], options, now)[0].labels]).toEqual([-1, -1, -1]);
    expect(sampleRois(none, [target([], [])], options, now)[0].boxes.length).toBe(0);
  });

  it("leaves out proposals between the thresholds", () => {
    const [sample] = sampleRois([{ boxes: Float32Array.of(0, 0, 4, 10) }], [target([0, 0, 10, 10], [1])], { ...options, assign: { positive: 0.5, negative: 0.3, lowQuality: "none" } }, now);
    expect([...sample.truths]).toEqual([1]);
  });
});
