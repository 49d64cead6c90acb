import { describe, expect, it } from "vitest";
import { boxAreas, boxOverlaps, clipBoxes, largeBoxes } from "../../../lib/tensor/boxes.ts";

describe("boxes", () => {
  it("have areas without +1, negative when turned inside out", () => {
    expect(Array.from(boxAreas([0, 0, 2, 3, 5, 5, 5, 9, 2, 0, 0, 1]))).toEqual([6, 0, -2]);
  });

  it("overlap by IoU, GIoU, DIoU and IoF", () => {
    const [a, b] = [[0, 0, 2, 2], [1, 0, 3, 2, 4, 0, 6, 2]];
    expect(Array.from(boxOverlaps(a, b))).toEqual([1 / 3, 0]);
    expect(Array.from(boxOverlaps(a, b, { kind: "giou" }))).toEqual([1 / 3, -1 / 3]);
    expect(Array.from(boxOverlaps(a, b, { kind: "diou" }))).toEqual([1 / 3 - 1 / 13, -16 / 40]);
    expect(Array.from(boxOverlaps(a, b, { kind: "iof" }))).toEqual([0.5, 0]);
  });

  it("of which both are empty have no IoU unless the denominator is bounded", () => {
    expect(boxOverlaps([1, 1, 1, 1], [1, 1, 1, 1])[0]).toBeNaN();
    expect(boxOverlaps([1, 1, 1, 1], [1, 1, 1, 1], { epsilon: 1e-6 })[0]).toBe(0);
  });

  it("are cut to the image and dropped by their smaller side", () => {
    const cut = clipBoxes([-3, 2, 50, 9, 5, 5, 6, 30], 20, 10);
    expect(Array.from(cut)).toEqual([0, 2, 20, 9, 5, 5, 6, 10]);
    expect(largeBoxes(cut, 1)).toEqual([0, 1]);
    expect(largeBoxes(cut, 1.5)).toEqual([0]);
  });
});
