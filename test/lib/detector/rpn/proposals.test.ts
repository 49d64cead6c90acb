import { describe, expect, it } from "vitest";
import { proposeRegions, type AnchorOutput } from "../../../../lib/detector/rpn/proposals.ts";

const options = { perLevel: 10, total: 10, nms: 0.7, minSize: 0, scoreThreshold: 0, coder: { weights: [1, 1, 1, 1], clamp: "above" } } as const;
const image = { width: 50, height: 40 };

/** A level whose anchors are the boxes and whose deltas are zero unless given. */
function level(boxes: readonly number[][], logits: readonly number[], deltas?: readonly number[]): AnchorOutput {
  return { anchors: Float64Array.from(boxes.flat()), logits: Float32Array.from(logits), deltas: Float32Array.from(deltas ?? new Array<number>(4 * boxes.length).fill(0)) };
}

describe("proposeRegions", () => {
  it("orders by objectness over the levels, cuts to the image and gives probabilities", () => {
    const { boxes, scores } = proposeRegions([level([[0, 0, 10, 10], [-5, 30, 20, 60]], [0, 2]), level([[20, 0, 80, 30]], [1])], image, options);
    expect([...boxes]).toEqual([0, 30, 20, 40, 20, 0, 50, 30, 0, 0, 10, 10]);
    for (const [i, logit] of [2, 1, 0].entries()) expect(scores[i]).toBeCloseTo(1 / (1 + Math.exp(-logit)), 6);
  });

  it("suppresses within a level, not across levels", () => {
    const same = [[0, 0, 10, 10], [0, 0, 10, 9]];
    expect(proposeRegions([level(same, [2, 1])], image, options).scores).toHaveLength(1);
    expect(proposeRegions([level([same[0]], [2]), level([same[1]], [1])], image, options).scores).toHaveLength(2);
  });

  it("keeps so many per level and in total", () => {
    const apart = [[0, 0, 5, 5], [10, 0, 15, 5], [20, 0, 25, 5]];
    expect([...proposeRegions([level(apart, [1, 3, 2])], image, { ...options, perLevel: 2 }).boxes]).toEqual([...apart[1], ...apart[2]]);
    expect([...proposeRegions([level(apart, [1, 3, 2])], image, { ...options, total: 1 }).boxes]).toEqual(apart[1]);
  });

  it("drops boxes outside the image, small ones, poor ones, and what is not finite", () => {
    const outside = level([[60, 0, 70, 10], [0, 0, 3, 3], [0, 0, 10, 10]], [3, 2, -3]);
    expect([...proposeRegions([outside], image, { ...options, minSize: 4 }).boxes]).toEqual([0, 0, 10, 10]);
    expect([...proposeRegions([outside], image, { ...options, scoreThreshold: 0.5 }).boxes]).toEqual([0, 0, 3, 3]);
    const broken = level([[0, 0, 10, 10], [10, 10, 20, 20], [20, 20, 30, 30]], [1, NaN, 1], [NaN, 0, 0, 0, 0, 0, 0, 0, 0, 0, Infinity, 0]);
    expect([...proposeRegions([broken], image, options).boxes].every(Number.isFinite)).toBe(true);
  });

  it("gives none of none", () => {
    expect(proposeRegions([level([], [])], image, options)).toEqual({ boxes: new Float32Array(0), scores: new Float32Array(0) });
  });
});
