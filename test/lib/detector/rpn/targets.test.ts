import { describe, expect, it } from "vitest";
import type { Target } from "../../../../lib/data/batch.ts";
import { assignRpn, sampleRpn, type RpnTargetOptions } from "../../../../lib/detector/rpn/targets.ts";

const anchors = Float64Array.of(0, 0, 10, 10, 20, 20, 30, 30, 40, 40, 50, 50);
const assign = { positive: 0.7, negative: 0.3, lowQuality: "none" } as const;
const options: RpnTargetOptions = { sampling: { count: 256, positiveFraction: 0.5 }, coder: { weights: [1, 1, 1, 1], clamp: "above" }, normaliser: "sampled", seed: 0 };

function target(boxes: readonly number[], labels: readonly number[], imageId = 0): Target {
  return { image: 0, imageId, boxes: Float32Array.from(boxes), labels: Int32Array.from(labels), width: 100, height: 100, scaleX: 1, scaleY: 1, flipped: false };
}

const batch = assignRpn([target([20, 20, 30, 31], [1]), target([], [])], anchors, { classes: 2, assign });

describe("sampleRpn", () => {
  it("lists positives before negatives, in rows of the whole batch, with their regression targets", () => {
    const { rows, positives, regression } = sampleRpn(batch, anchors, options, { iteration: 0 });
    expect([...rows]).toEqual([1, 0, 2, 3, 4, 5]);
    expect(positives).toBe(1);
    for (const [i, value] of [0, 0.05, 0, Math.log(1.1)].entries()) expect(regression[i]).toBeCloseTo(value, 6);
  });

  it("divides as each of the references does", () => {
    const divisor = (normaliser: RpnTargetOptions["normaliser"]) => sampleRpn(batch, anchors, { ...options, normaliser }, { iteration: 0 }).divisor;
    expect(divisor("sampled")).toBe(6);
    expect(divisor("sampled-or-one")).toBe(1 + 2 + 1 + 3);
    expect(divisor("count")).toBe(512);
  });

  it("draws by iteration and image", () => {
    const many = Float64Array.from({ length: 400 }, (_, i) => (i % 4 < 2 ? 0 : 1) + Math.floor(i / 4));
    const of = (id: number) => assignRpn([target([], [], id)], many, { classes: 2, assign });
    const draw = (id: number, iteration: number) => [...sampleRpn(of(id), many, { ...options, sampling: { count: 5, positiveFraction: 0.5 } }, { iteration }).rows];
    expect(draw(1, 1)).toEqual(draw(1, 1));
    expect(draw(1, 1)).not.toEqual(draw(1, 2));
    expect(draw(1, 1)).not.toEqual(draw(2, 1));
    expect(draw(1, 1)).toHaveLength(5);
  });
});
