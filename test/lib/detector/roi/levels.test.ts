import { describe, expect, it } from "vitest";
import { roiLevels } from "../../../../lib/detector/roi/levels.ts";

const square = (side: number) => [10, 10, 10 + side, 10 + side];

describe("roiLevels", () => {
  it("puts the canonical size on its level, halves one finer, doubles one coarser, and stays on the pyramid", () => {
    const boxes = [7, 56, 112, 224, 448, 5000].flatMap(square);
    for (const kind of ["torchvision", "detectron2"] as const) {
      expect([...roiLevels(boxes, { kind, canonical: 224, level: 2 }, 4)]).toEqual([0, 0, 1, 2, 3, 3]);
    }
    expect([...roiLevels(boxes, { kind: "mmdet", canonical: 56, level: 0 }, 4)]).toEqual([0, 0, 1, 2, 3, 3]);
  });

  it("puts empty and inverted boxes on the finest level", () => {
    for (const kind of ["torchvision", "mmdet", "detectron2"] as const) {
      expect([...roiLevels([5, 5, 5, 5, 9, 9, 1, 20], { kind, canonical: 224, level: 2 }, 4)]).toEqual([0, 0]);
    }
  });
});
