import { expect, it } from "vitest";
import { placeLabels } from "../../../lib/report/label-places.ts";

const picture = { width: 100, height: 80 };

it("stands a label outside its box, on the side asked for", () => {
  const label = { width: 20, height: 8, box: [30, 30, 60, 60] } as const;
  expect(placeLabels([{ ...label, side: "above" }], picture)).toEqual([{ x: 30, y: 22, width: 20, height: 8 }]);
  expect(placeLabels([{ ...label, side: "below" }], picture)).toEqual([{ x: 30, y: 60, width: 20, height: 8 }]);
});

it("goes inside where the picture ends", () => {
  expect(placeLabels([{ width: 20, height: 8, box: [90, 2, 100, 40], side: "above" }], picture)).toEqual([{ x: 80, y: 2, width: 20, height: 8 }]);
  expect(placeLabels([{ width: 20, height: 8, box: [10, 40, 50, 79], side: "below" }], picture)[0].y).toBe(71);
});

it("gives way to labels before it", () => {
  const label = { width: 12, height: 8, box: [30, 30, 60, 60], side: "below" } as const;
  const places = placeLabels([label, label, label], picture);
  expect(places[0]).toEqual({ x: 30, y: 60, width: 12, height: 8 });
  expect(places[1]).toEqual({ x: 48, y: 60, width: 12, height: 8 });
  expect(places[2]).toEqual({ x: 30, y: 52, width: 12, height: 8 });
});

it("keeps labels that are larger than the picture at its corner", () => {
  expect(placeLabels([{ width: 200, height: 90, box: [30, 30, 60, 60], side: "above" }], picture)[0]).toMatchObject({ x: 0, y: 0 });
});
