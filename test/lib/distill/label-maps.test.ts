import { describe, expect, it } from "vitest";
import { labelMaps, presentClasses } from "../../../lib/distill/label-maps.ts";

const target = (boxes: readonly number[][], labels: readonly number[]) => ({ boxes: Float32Array.from(boxes.flat()), labels: Int32Array.from(labels) });
const size = { height: 9, width: 11 };
const at = (map: Float32Array, image: number, y: number, x: number, channel: number, channels: number) => map[((image * size.height + y) * size.width + x) * channels + channel];

describe("label maps", () => {
  it("are 1 in the centre, ½ at the edge, 0 outside, and the largest of one class's boxes", () => {
    const map = labelMaps([target([[2, 2, 8, 6], [4, 2, 10, 6], [0, 0, 4, 4]], [1, 1, 0])], { ...size, classes: [0, 1] });
    [[5, 1], [2, 1 / 2], [8, 5 / 6], [1, 0], [9, 2 / 3]].forEach(([x, value]) => expect(at(map, 0, 4, x, 1, 2)).toBeCloseTo(value, 6));
    expect(at(map, 0, 2, 2, 0, 2)).toBe(1);
    const values = [...map].filter((v) => v !== 0);
    expect(Math.min(...values)).toBeGreaterThanOrEqual(0.5);
    expect(Math.max(...values)).toBe(1);
  });

  it("are drawn for the present classes alone, or for those asked for, in their order", () => {
    const targets = [target([[0, 0, 4, 4]], [7]), target([], []), target([[1, 1, 5, 5], [2, 2, 9, 7]], [2, 7])];
    expect(presentClasses(targets)).toEqual([2, 7]);
    expect(presentClasses([target([], [])])).toEqual([0]);
    const few = labelMaps(targets, { ...size, classes: [2, 7] });
    const all = labelMaps(targets, { ...size, classes: Array.from({ length: 9 }, (_, k) => k) });
    for (let i = 0; i < few.length; i += 2) expect([few[i], few[i + 1]]).toEqual([all[(i / 2) * 9 + 2], all[(i / 2) * 9 + 7]]);
    expect(all.reduce((sum, v) => sum + v, 0)).toBeCloseTo(few.reduce((sum, v) => sum + v, 0), 4);
  });

  it("are weakened by a factor per box", () => {
    const map = labelMaps([target([[2, 2, 8, 6]], [0]), target([[2, 2, 8, 6]], [0])], { ...size, classes: [0], factor: (image) => (image === 0 ? 0.25 : 1) });
    expect([at(map, 0, 4, 5, 0, 1), at(map, 1, 4, 5, 0, 1)]).toEqual([0.25, 1]);
  });

  it("draw nothing for boxes without extent, or make their class NaN as the official code", () => {
    for (const box of [[3, 1, 3, 5], [1, 2, 5, 2], [4, 4, 4, 4], [3.2, 1, 3.2, 5]]) {
      const targets = [target([box, [0, 0, 4, 4]], [0, 1])];
      expect([...labelMaps(targets, { ...size, classes: [0, 1] })].filter((v, i) => i % 2 === 0 && v !== 0)).toEqual([]);
      const official = labelMaps(targets, { ...size, classes: [0, 1], emptyBoxes: "official" });
      expect([...official].every((v, i) => Number.isNaN(v) === (i % 2 === 0))).toBe(true);
    }
  });

  it("take boxes beyond the image, and say which box is no box", () => {
    const map = labelMaps([target([[-5, -5, 3, 3], [8, 6, 20, 20]], [0, 0])], { ...size, classes: [0] });
    expect([...map].every(Number.isFinite)).toBe(true);
    expect(() => labelMaps([target([[0, 0, NaN, 2]], [0])], { ...size, classes: [0] })).toThrow("box 0 of image 0 is [0, 0, NaN, 2]");
  });
});
