import { expect, it } from "vitest";
import { searchFigure, stackedSharesFigure } from "../../../lib/report/share-figures.ts";

const probes = [
  { lambda: 1, share: 0.05 },
  { lambda: 100, share: 0.8, bracket: [1, 100] as const },
  { lambda: 10, share: 0.4, low: 0.38, high: 0.43, bracket: [10, 100] as const },
];

it("draws probes in percent, numbered in their order, and one bar per bracket", () => {
  const { data } = searchFigure({ probes, target: 0.45 });
  const [curve, points, bars] = data as { x: unknown[]; y: unknown[]; text?: string[]; error_y?: { array: number[]; arrayminus: number[] } }[];
  expect(curve.x).toEqual([1, 10, 100]);
  expect(points.x).toEqual([1, 100, 10]);
  expect(points.text).toEqual(["1", "2", "3"]);
  expect(points.y).toEqual([5, 80, 40]);
  expect(points.error_y!.array.map((value) => Math.round(value))).toEqual([0, 0, 3]);
  expect(points.error_y!.arrayminus.map((value) => Math.round(value))).toEqual([0, 0, 2]);
  expect(bars.x).toEqual([1, 100, null, 10, 100, null]);
  expect(bars.y).toEqual([2, 2, null, 3, 3, null]);
});

it("marks target and answer", () => {
  const { layout } = searchFigure({ probes, target: 0.45, answer: 18.24 });
  expect((layout.annotations as { text: string }[]).map(({ text }) => text)).toEqual(["target 45 %", "λ* = 18.2"]);
  expect((searchFigure({ probes, target: 0.45 }).layout.annotations as object[]).length).toBe(1);
});

it("stacks the terms to 100 %", () => {
  const { data, layout } = stackedSharesFigure({ iterations: [0, 1], terms: [{ name: "a", values: [1, 2] }, { name: "b", values: [3, 4] }], target: 0.25 });
  expect(data).toHaveLength(2);
  expect(data.every(({ stackgroup, groupnorm }) => stackgroup === "shares" && groupnorm === "percent")).toBe(true);
  expect((layout.shapes as { y0: number }[])[0].y0).toBe(75);
  expect(() => stackedSharesFigure({ iterations: [0], terms: [{ name: "a", values: [1, 2] }] })).toThrow(/"a" has 2 values for 1 iterations/);
});
