import { describe, expect, it } from "vitest";
import { boxMasks, type BoxMaskOptions } from "../../../lib/distill/box-masks.ts";
import { random } from "../../../lib/tensor/random.ts";

const level = { height: 4, width: 6, imageHeight: 32, imageWidth: 48 };
const target = (boxes: number[], { height = 32, width = 48 } = {}) => ({ boxes: Float32Array.from(boxes), height, width, imageId: 7 });
const masks = (boxes: number[], options: Partial<BoxMaskOptions> = {}, content = {}) => boxMasks([target(boxes, content)], { ...level, ...options });
const sum = (values: Float32Array) => values.reduce((total, value) => total + value, 0);
/** Cells with a weight, as row:column. */
const cells = (mask: Float32Array) => [...mask].flatMap((weight, i) => (weight > 0 ? [`${Math.floor(i / 6)}:${i % 6}`] : []));

describe("box masks", () => {
  it("weighs the cells from ⌊x1⌋ to ⌈x2⌉ by one over their number", () => {
    const { foreground, background } = masks([9, 9, 14, 23]);
    expect(cells(foreground)).toEqual(["1:1", "1:2", "2:1", "2:2", "3:1", "3:2"]);
    expect(foreground[7]).toBeCloseTo(1 / 6, 7);
    expect(background.filter((weight) => weight > 0)).toEqual(new Float32Array(18).fill(1 / 18));
    expect(background[7]).toBe(0);
  });

  it("gives a cell to the smallest of its boxes", () => {
    const { foreground } = masks([0, 0, 47, 31, 9, 9, 14, 14]);
    expect(foreground[7]).toBeCloseTo(1 / 4, 7);
    expect(foreground[0]).toBeCloseTo(1 / 24, 7);
    expect(masks([9, 9, 14, 14, 0, 0, 47, 31]).foreground).toEqual(foreground);
  });

  it("a box sums to 1 inside the map; counted whole, a box at the border sums to less", () => {
    expect(sum(masks([33, 17, 48, 32]).foreground)).toBeCloseTo(1, 6);
    // Columns 4…6 and rows 2…4, of which the last lies outside: 2 · 2 of 3 · 3 cells.
    expect(sum(masks([33, 17, 48, 32], { area: "whole" }).foreground)).toBeCloseTo(4 / 9, 6);
    expect(masks([9, 9, 14, 23], { area: "whole" })).toEqual(masks([9, 9, 14, 23]));
  });

  it("puts a box of a padded image where its object is, unless it is scaled by the content", () => {
    const content = { height: 32, width: 24 };
    expect(cells(masks([17, 1, 22, 6], {}, content).foreground)).toEqual(["0:2", "0:3", "1:2", "1:3"]);
    // 17 / 24 · 6 = 4.25 … 5.5: twice as far right.
    expect(cells(masks([17, 1, 22, 6], { scaleBy: "content" }, content).foreground)).toEqual(["0:4", "0:5", "1:4", "1:5"]);
  });

  it("keeps cells at whole multiples of the stride", () => {
    for (let stride = 1; stride <= 128; stride *= 2) {
      const { foreground } = boxMasks([target([stride, 0, stride, 0])], { height: 1, width: 3, imageHeight: stride, imageWidth: 3 * stride });
      expect([...foreground]).toEqual([0, 1, 0]);
    }
  });

  it("without boxes all is background; covered by boxes nothing is", () => {
    const empty = masks([]);
    expect(sum(empty.foreground)).toBe(0);
    expect(sum(empty.background)).toBeCloseTo(1, 5);
    const full = masks([0, 0, 48, 32]);
    expect(sum(full.background)).toBe(0);
    expect(sum(full.foreground)).toBeCloseTo(1, 5);
  });

  it("foreground and background part every image's cells, whatever the boxes", () => {
    const stream = random(3, "boxes");
    const lists = Array.from({ length: 20 }, (_, n) => target(Array.from({ length: n }, () => {
      const [x, y] = [stream.uniform(-10, 50), stream.uniform(-10, 34)];
      return [x, y, x + stream.uniform(0, 30), y + stream.uniform(0, 30)];
    }).flat()));
    const { foreground, background } = boxMasks(lists, level);
    foreground.forEach((weight, i) => expect(weight > 0).toBe(background[i] === 0));
    lists.forEach((_, image) => {
      const own = sum(background.subarray(24 * image, 24 * (image + 1)));
      if (own !== 0) expect(own).toBeCloseTo(1, 5);
    });
  });

  it("takes a box off the map for nothing, and refuses one that is no box", () => {
    expect(sum(masks([100, 100, 110, 110]).foreground)).toBe(0);
    expect(sum(masks([-90, 3, -80, 9]).foreground)).toBe(0);
    expect(() => masks([1, 2, NaN, 4])).toThrow(/object 0 of image 7 has box \[1, 2, NaN, 4\]; needed: four finite numbers/);
    expect(() => masks([1, 2, 3, 4, 5])).toThrow(/object 1 of image 7/);
  });
});
