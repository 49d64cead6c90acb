import { expect, it } from "vitest";
import { trendTest } from "../../../lib/statistics/trend.ts";
import { random } from "../../../lib/tensor/random.ts";
import { expectClose } from "../../close.ts";
import { reference } from "./reference.ts";

it.each(reference.trend.map((entry) => [`${entry.values.length} × ${entry.values[0].length}, ${entry.by}`, entry] as const))("is exact: %s", (_name, { values, statistic, rises, falls, correlation }) => {
  const found = trendTest(values);
  expectClose([found.statistic, found.rises, found.falls], [statistic, rises, falls], { relative: 1e-10 });
  if (correlation !== undefined) expectClose([found.correlation], [correlation], { relative: 1e-10, absolute: 1e-12 });
});

it("mirrors when the values are negated or the places turned round", () => {
  const values = [[1, 3, 2, 5], [2, 2, 4, 4], [9, 1, 2, 3]];
  const [found, negated, turned] = [values, values.map((row) => row.map((value) => -value)), values.map((row) => [...row].reverse())].map(trendTest);
  for (const mirror of [negated, turned]) expectClose([mirror.rises, mirror.falls, mirror.correlation], [found.falls, found.rises, -found.correlation], { relative: 1e-12 });
});

it("depends on ranks alone, seed by seed", () => {
  const values = [[1, 3, 2, 5], [2, 8, 4, 6]];
  expect(trendTest(values.map((row, i) => row.map((value) => Math.exp(value) + 100 * i)))).toEqual(trendTest(values));
});

it("reaches (1/k!)^seeds, and 1 where all values are equal", () => {
  expect(trendTest([[1, 2, 3, 4], [1, 2, 3, 4]]).rises).toBeCloseTo(1 / 576, 12);
  expect(trendTest([[7, 7, 7], [7, 7, 7]])).toEqual({ statistic: 24, rises: 1, falls: 1, twoSided: 1, correlation: 0 });
});

it("calls a trend in at most 5 % of draws without one", () => {
  const { normal } = random(5, "trends");
  const draws = 1000;
  let called = 0;
  for (let draw = 0; draw < draws; draw++) if (trendTest([0, 1, 2].map(() => Array.from({ length: 4 }, normal))).twoSided <= 0.05) called++;
  expect(called / draws).toBeLessThan(0.05 + 4 * Math.sqrt((0.05 * 0.95) / draws));
});

it("takes twelve places in good time", () => {
  const places = Array.from({ length: 12 }, (_, i) => i);
  expect(trendTest([places, places, [...places].reverse()]).rises).toBeLessThan(0.5);
});

it("refuses what is no table of numbers", () => {
  expect(() => trendTest([])).toThrow(/at least one seed/);
  expect(() => trendTest([[1, 2], [1, 2, 3]])).toThrow(/as many values of every seed, received 2, 3/);
  expect(() => trendTest([[1]])).toThrow(/2 to 12 places, received 1/);
  expect(() => trendTest([[1, NaN]])).toThrow(/value 1 is NaN/);
});
