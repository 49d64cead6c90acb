import { describe, expect, it } from "vitest";
import { rlePolygon } from "../../../../lib/tensor/masks/polygon.ts";
import { MaskError, areaOfRle } from "../../../../lib/tensor/masks/rle.ts";
import { rleFrom, toCocoRle } from "../../../../lib/tensor/masks/segmentation.ts";
import type { MaskForm } from "../../../../lib/tensor/masks/segmentation.ts";

const size = { height: 20, width: 24 };

describe("polygons", () => {
  it("cover what lies inside, whichever way and from wherever they run", () => {
    const square = [4, 5, 14, 5, 14, 15, 4, 15];
    const mask = rlePolygon(square, size);
    expect(areaOfRle(mask)).toBe(100);
    expect(rlePolygon([4, 15, 14, 15, 14, 5, 4, 5], size)).toEqual(mask);
    expect(rlePolygon([...square.slice(4), ...square.slice(0, 4)], size)).toEqual(mask);
  });

  it.each<[string, number[], RegExp]>([
    ["two points", [1, 2, 3, 4], /4 numbers received, a polygon is \[x1, y1, x2, y2, x3, y3, …\] of at least three points/],
    ["half a point", [1, 2, 3, 4, 5, 6, 7], /7 numbers received/],
    ["not a number", [1, 2, 3, NaN, 5, 6], /number 3 is NaN/],
    ["infinity", [1, 2, 3, 4, -Infinity, 6], /number 4 is -Infinity/],
    ["coordinates beyond 32 bits", [1, 2, 1e9, 4, 5, 6], /number 2 is 1000000000, allowed are finite coordinates in pixels, at most 429496728 from 0/],
  ])("refuse %s", (_, xy, message) => {
    expect(() => rlePolygon(xy, size)).toThrow(MaskError);
    expect(() => rlePolygon(xy, size, "annotation 3")).toThrow(message);
    expect(() => rlePolygon(xy, size, "annotation 3")).toThrow(/^annotation 3: /);
  });

  it("take no longer for being huge", () => {
    const far = 4e8;
    const start = performance.now();
    expect(areaOfRle(rlePolygon([-far, -far, far, -far, far, far, -far, far], size))).toBe(480);
    // The line y = x from far away, and one that is nearly upright.
    expect(areaOfRle(rlePolygon([-far, -far, far, far, -far, far], size))).toBe(210);
    expect(areaOfRle(rlePolygon([11, -far, 12, far, -far, 0], size))).toBeGreaterThan(11 * 20);
    expect(performance.now() - start).toBeLessThan(2000);
  });
});

describe("masks in COCO's forms", () => {
  it("are polygons, runs or text", () => {
    const drawn = rleFrom([[2, 2, 10, 2, 10, 10, 2, 10], [12, 12, 20, 12, 20, 18]], size);
    expect(rleFrom({ counts: [...drawn.counts], size: [20, 24] }, size)).toEqual(drawn);
    expect(rleFrom(toCocoRle(drawn), size)).toEqual(drawn);
  });

  it.each<[string, MaskForm, RegExp]>([
    ["no polygon", [], /no polygon received/],
    ["a broken second polygon", [[1, 1, 5, 1, 5, 5], [1, 2]], /segmentation, polygon 1: 2 numbers received/],
    ["runs of another size", { counts: [480], size: [24, 20] }, /its size is \[24, 20\], the image's \[20, 24\] \(height, width\)/],
    ["a size of one number", { counts: [480], size: [20] }, /its size is \[20, undefined\]/],
    ["short runs", { counts: [1, 2], size: [20, 24] }, /add up to 3 pixels/],
  ])("refuse %s", (_, form, message) => {
    expect(() => rleFrom(form, size)).toThrow(message);
  });
});
