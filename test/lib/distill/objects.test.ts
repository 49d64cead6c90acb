import { describe, expect, it } from "vitest";
import type { Target } from "../../../lib/data/batch.ts";
import { describeObjects } from "../../../lib/distill/objects.ts";

const size = { height: 64, width: 96 };
const level = { height: 8, width: 12 };
const target = (boxes: number[][], labels: number[]): Target => ({
  image: 0, imageId: 7, boxes: Float32Array.from(boxes.flat()), labels: Int32Array.from(labels), ...size, scaleX: 1, scaleY: 1, flipped: false,
});
const cells = (mask: Float32Array, row: number) => [...mask.subarray(row * 96, (row + 1) * 96).keys()].filter((cell) => mask[row * 96 + cell] === 1);

describe("describeObjects", () => {
  it("maps boxes and classes to [−1, 1], the context last", () => {
    const table = describeObjects([target([[48, 16, 96, 64]], [1])], size, [level], { classes: 3, context: true });
    expect(table.rows).toBe(2);
    const [object, context] = [table.descriptors.subarray(0, 7), table.descriptors.subarray(7)];
    expect([...object.slice(4)]).toEqual([-1, 1, -1]);
    expect(object[0]).toBeCloseTo(0, 6);
    expect(object[1]).toBeCloseTo(-0.5, 6);
    expect(object[2]).toBeCloseTo((2 * 95) / 96 - 1, 6);
    expect(object[3]).toBeCloseTo((2 * 63) / 64 - 1, 6);
    expect([...context.slice(4)]).toEqual([-1, -1, -1]);
    expect([...table.instance]).toEqual([1, 0]);
    expect([...table.contextRow]).toEqual([0, 1]);
  });

  it("pads to the largest count with rows that are not valid and hold no cells", () => {
    const table = describeObjects([target([], []), target([[0, 0, 20, 20], [10, 10, 50, 50]], [0, 2])], size, [level], { classes: 3, context: false });
    expect(table.counts).toEqual([1, 2]);
    expect([...table.valid]).toEqual([1, 0, 1, 1]);
    expect([...table.descriptors.slice(7, 14)]).toEqual(Array(7).fill(0));
    expect(cells(table.inside[0], 1)).toEqual([]);
  });

  it("gives an empty image a placeholder of one cell, which plays the context", () => {
    const without = describeObjects([target([], [])], size, [level], { classes: 3, context: false });
    expect(cells(without.inside[0], 0)).toEqual([0]);
    expect([...without.instance]).toEqual([1]);
    const context = describeObjects([target([], [])], size, [level], { classes: 3, context: true });
    expect([...context.instance]).toEqual([0]);
    expect([...context.contextRow]).toEqual([1]);
  });

  it("takes cell indices within half the extent of the centre, none for a flat or tiny box", () => {
    const table = describeObjects([target([[0, 0, 20, 30.5], [17, 21, 18, 22], [40, 8, 40, 60]], [0, 0, 0])], size, [level], { classes: 1, context: false });
    expect(cells(table.inside[0], 0)).toEqual([0, 1, 2, 12, 13, 14, 24, 25, 26, 36, 37, 38]);
    expect(cells(table.inside[0], 1)).toEqual([]);
    expect(cells(table.inside[0], 2)).toEqual([]);
    expect([...table.inverseCounts]).toEqual([Math.fround(1 / 12), 1, 1]);
  });

  it("names image and object of a bad label or box", () => {
    expect(() => describeObjects([target([[0, 0, 9, 9]], [3])], size, [level], { classes: 3, context: false })).toThrow(/object 0 of image 7 has label 3; allowed: 0 to 2/);
    expect(() => describeObjects([target([[0, NaN, 9, 9]], [0])], size, [level], { classes: 3, context: false })).toThrow(/object 0 of image 7 has box \[0, NaN, 9, 9\]/);
  });
});
