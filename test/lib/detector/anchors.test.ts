import { describe, expect, it } from "vitest";
import { anchorsPerCell, cellAnchors, gridAnchors, validCells, type AnchorOptions } from "../../../lib/detector/anchors.ts";

const options: AnchorOptions = { sizes: [[8, 16], [32, 64]], ratios: [0.5, 1], rounded: false, outer: "ratio" };

describe("anchors", () => {
  it("come level, row, column, anchor, centred on index · stride", () => {
    const grids = [{ height: 2, width: 3, strideX: 4, strideY: 5 }, { height: 1, width: 1, strideX: 8, strideY: 8 }];
    const all = gridAnchors(options, grids);
    expect(all.length / 4).toBe(7 * anchorsPerCell(options));
    const centre = (i: number) => [(all[4 * i] + all[4 * i + 2]) / 2, (all[4 * i + 1] + all[4 * i + 3]) / 2];
    expect([centre(0), centre(4), centre(12), centre(24)]).toEqual([[0, 0], [4, 0], [0, 5], [0, 0]]);
  });

  it("keep their area everywhere, so that equal overlaps stay equal", () => {
    const all = gridAnchors({ ...options, sizes: [[10.3]] }, [{ height: 40, width: 40, strideX: 8, strideY: 8 }]);
    const areas = new Set(Array.from({ length: 1600 }, (_, i) => (all[8 * i + 2] - all[8 * i]) * (all[8 * i + 3] - all[8 * i + 1])));
    expect(areas.size).toBe(1);
  });

  it("round halves to even where asked to", () => {
    expect(Array.from(cellAnchors({ sizes: [[5, 7, 9]], ratios: [1], rounded: true, outer: "ratio" }, 0)).map((v) => v + 0)).toEqual([-2, -2, 2, 2, -4, -4, 4, 4, -4, -4, 4, 4]);
  });

  it("order ratio and size either way", () => {
    const widths = (outer: AnchorOptions["outer"]) => Array.from(cellAnchors({ ...options, outer }, 0)).filter((_, i) => i % 4 === 2).map((v) => Math.round(20 * v) / 10);
    expect(widths("ratio")).toEqual([11.3, 22.6, 8, 16]);
    expect(widths("size")).toEqual([11.3, 8, 22.6, 16]);
  });

  it("are valid where their cell begins inside the image", () => {
    expect(validCells({ height: 2, width: 3, strideX: 8, strideY: 8 }, { height: 8, width: 17 })).toEqual([true, true, true, false, false, false]);
  });
});
