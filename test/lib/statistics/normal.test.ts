import { expect, it } from "vitest";
import { normalDistribution, normalQuantile } from "../../../lib/statistics/normal.ts";
import { expectClose } from "../../close.ts";
import { reference } from "./reference.ts";

it("is SciPy's normal distribution and quantile", () => {
  const { distribution, quantile } = reference.normal;
  expectClose(distribution.map(({ x }) => normalDistribution(x)), distribution.map(({ p }) => p), { relative: 0, absolute: 2e-15 });
  // Near 0 and 1 the quantile is as exact as an absolute error of 1e-15 in p lets it be.
  expectClose(quantile.map(({ p }) => normalQuantile(p)), quantile.map(({ x }) => x), { relative: 1e-4 });
  expectClose(quantile.filter(({ p }) => p > 1e-4).map(({ p }) => normalQuantile(p)), quantile.filter(({ p }) => p > 1e-4).map(({ x }) => x), { relative: 1e-10, absolute: 1e-12 });
});

it("ends at 0 and 1", () => {
  expect([normalDistribution(-40), normalDistribution(40), normalDistribution(NaN)]).toEqual([0, 1, NaN]);
  expect([normalQuantile(0), normalQuantile(1)].map(Math.abs).every((x) => x > 8)).toBe(true);
});
