import { describe, expect, it } from "vitest";
import { assignAtss } from "../../../../lib/detector/assign/atss.ts";
import { background, ignored } from "../../../../lib/detector/assign/max-iou.ts";
import { assignPoints, type PointAssignOptions } from "../../../../lib/detector/assign/points.ts";
import { centerness, decodeRelative, encodeRelative } from "../../../../lib/detector/coder/distance.ts";
import { gridAnchors } from "../../../../lib/detector/anchors.ts";
import { layPoints } from "../../../../lib/detector/points.ts";

const { levels } = layPoints({ offset: 0.5, strides: "level" }, [10, 20], { maps: [{ height: 2, width: 4 }, { height: 1, width: 2 }], image: { height: 20, width: 40 } });
const rules: PointAssignOptions = { ranges: [[-1, 20], [20, Infinity]], bounds: "inclusive", radius: Infinity };
const assigned = (objects: number[], change: Partial<PointAssignOptions> = {}) => Array.from(assignPoints(levels, [10, 20], objects, { ...rules, ...change }));

describe("points", () => {
  it("lie in the middle of cells, row by row, or at their corner over what the image gives", () => {
    expect(Array.from(levels[0].coordinates)).toEqual([5, 5, 15, 5, 25, 5, 35, 5, 5, 15, 15, 15, 25, 15, 35, 15]);
    const image = layPoints({ offset: 0, strides: "image" }, [8], { maps: [{ height: 2, width: 3 }], image: { height: 19, width: 33 } });
    expect(Array.from(image.points)).toEqual([0, 0, 11, 0, 22, 0, 0, 9, 11, 9, 22, 9]);
  });

  it("serve objects that they lie in, on the level of the largest distance", () => {
    expect(assigned([0, 0, 20, 10])).toEqual([0, 0, -1, -1, -1, -1, -1, -1, -1, -1]);
    expect(assigned([0, 0, 40, 20])).toEqual([-1, -1, -1, -1, -1, -1, -1, -1, 0, 0]);
  });

  it("serve the smallest of several, the first of equals, and none on its border", () => {
    expect(assigned([0, 0, 20, 10, 0, 0, 10, 10]).slice(0, 2)).toEqual([1, 0]);
    expect(assigned([0, 0, 20, 10, 0, 0, 20, 10]).slice(0, 2)).toEqual([0, 0]);
    expect(assigned([5, 0, 20, 10])[0]).toBe(background);
  });

  it("take a bound as the convention says", () => {
    const exact = [5 - 20, 0, 10, 10]; // the first point's largest distance is 20
    expect(assigned(exact)[0]).toBe(0);
    expect(assigned(exact, { bounds: "exclusive" })[0]).toBe(background);
  });

  it("near the centre alone when it is sampled", () => {
    expect(assigned([-2, -2, 22, 12], { radius: 1 }).slice(0, 3)).toEqual([0, 0, -1]);
    expect(assigned([-2, -2, 22, 12], { radius: 0.5 }).slice(0, 3)).toEqual([-1, -1, -1]);
  });

  it("without objects are background", () => {
    expect(new Set(assigned([]))).toEqual(new Set([background]));
  });
});

describe("ATSS", () => {
  const grids = [{ height: 4, width: 4, strideX: 10, strideY: 10 }, { height: 2, width: 2, strideX: 20, strideY: 20 }];
  const anchors = gridAnchors({ sizes: [[20], [40]], ratios: [1], rounded: false, outer: "ratio" }, grids);
  const counts = [16, 4];
  const assign = (objects: number[], change = {}) => Array.from(assignAtss(anchors, objects, { candidates: 9, counts, ...change }));

  it("takes the anchors that stand out among an object's candidates", () => {
    const result = assign([0, 0, 20, 20]);
    expect(result[5]).toBe(0); // centred on (10, 10), equal to the object
    expect(result.filter((o) => o >= 0).length).toBeLessThan(9);
  });

  it("gives an anchor to the object of highest IoU, the first of equals", () => {
    expect(assign([0, 0, 24, 24, 0, 0, 20, 20])[5]).toBe(1);
    expect(assign([0, 0, 20, 20, 0, 0, 20, 20])[5]).toBe(0);
  });

  it("needs the centre inside the object, and more than one candidate", () => {
    expect(new Set(assign([11, 11, 19, 19]))).toEqual(new Set([background]));
    expect(Array.from(assignAtss([0, 0, 10, 10], [0, 0, 10, 10], { candidates: 9, counts: [1] }))).toEqual([background]);
  });

  it("ignores anchors inside ignore regions, when there are objects, unless they are positive", () => {
    const result = assign([0, 0, 20, 20], { ignoreBoxes: [15, 15, 60, 60], ignoreThreshold: 0.5 });
    expect(result[15]).toBe(ignored);
    expect(result[0]).toBe(background);
    expect(new Set(assign([], { ignoreBoxes: [15, 15, 60, 60], ignoreThreshold: 0.5 }))).toEqual(new Set([background]));
  });
});

describe("distances", () => {
  it("relative to an anchor come back, cut below where asked", () => {
    const [anchors, boxes] = [[0, 0, 10, 20], [-5, 0, 30, 15]];
    expect(Array.from(decodeRelative(anchors, encodeRelative(anchors, boxes)))).toEqual(boxes);
    expect(Array.from(decodeRelative(anchors, [-1, 0.5, 1, -2], { floor: 0 }))).toEqual([5, 0, 15, 10]);
  });

  it("have a centre-ness of 1 in the middle and 0 on and beyond the border", () => {
    expect([centerness(3, 5, 3, 5), centerness(0, 1, 4, 1), centerness(-1, 2, 3, 4)]).toEqual([1, 0, 0]);
    expect(centerness(1, 1, 4, 1)).toBe(0.5);
  });
});
