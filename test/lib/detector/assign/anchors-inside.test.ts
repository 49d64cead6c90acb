import { describe, expect, it } from "vitest";
import { assignAmong, assignInside, type AnchorRegion } from "../../../../lib/detector/assign/anchors-inside.ts";
import { background, ignored } from "../../../../lib/detector/assign/max-iou.ts";

/** Beyond the left edge, inside, up to the right edge, in the image's own padding, in that of its batch. */
const anchors = [-4, 4, 4, 12, 2, 4, 10, 12, 12, 4, 20, 12, 4, 16, 12, 24, 28, 4, 36, 12];
const options = { positive: 0.7, negative: 0.3, lowQuality: "served", minPositive: 0.1 } as const;
const size = { width: 20, height: 20 };

describe("anchors inside the image", () => {
  it.each<[AnchorRegion, number[]]>([
    ["all", [0, background, background, background, background]],
    ["centre", [0, background, background, background, ignored]],
    ["whole", [ignored, 0, ignored, ignored, ignored]],
  ])("of region %s alone train, and are objects' best", (region, expected) => {
    expect(Array.from(assignInside(anchors, [-3, 4, 5, 12], options, { region, size }))).toEqual(expected);
  });

  it("are handed over with their positions, unless they are all", () => {
    const given: unknown[] = [];
    const assign = (inside: ArrayLike<number>, positions?: Int32Array) => {
      given.push(positions && Array.from(positions));
      return new Int32Array(inside.length / 4).fill(7);
    };
    expect(Array.from(assignAmong(anchors, { region: "centre", size }, assign))).toEqual([7, 7, 7, 7, ignored]);
    expect(Array.from(assignAmong(anchors, { region: "centre", size: { width: 64, height: 64 } }, assign))).toEqual([7, 7, 7, 7, 7]);
    expect(given).toEqual([[0, 1, 2, 3], undefined]);
  });

  it("may be none at all", () => {
    expect(Array.from(assignInside([30, 30, 40, 40], [1, 1, 5, 5], options, { region: "centre", size }))).toEqual([ignored]);
    expect(Array.from(assignInside(anchors, [], options, { region: "whole", size }))).toEqual([ignored, background, ignored, ignored, ignored]);
  });
});
