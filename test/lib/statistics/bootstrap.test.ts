import { expect, it } from "vitest";
import { bootstrapInterval, intervalOf, resampledMeans } from "../../../lib/statistics/bootstrap.ts";
import { mean } from "../../../lib/statistics/mean.ts";
import { random } from "../../../lib/tensor/random.ts";
import { expectClose } from "../../close.ts";
import { reference } from "./reference.ts";

it("makes the intervals that scipy.stats.bootstrap makes of the same resampled means", () => {
  for (const { values, means, level, percentile, bca } of reference.bootstrap) {
    const found = (method: "percentile" | "bca") => intervalOf(values, Float64Array.from(means), { level, method });
    expectClose(found("percentile"), percentile, { relative: 1e-12 });
    expectClose(found("bca"), bca, { relative: 1e-9 });
  }
});

it("draws every resample alike: the means have the values' mean and s²(n − 1)/n² as variance", () => {
  const values = [1, 4, 4, 9, 30];
  const means = [...resampledMeans(values, { resamples: 40_000 })];
  const centre = mean(values);
  const variance = values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / values.length ** 2;
  const spread = mean(means.map((value) => (value - centre) ** 2));
  expect(Math.abs(mean(means) - centre)).toBeLessThan(4 * Math.sqrt(variance / means.length));
  expect(Math.abs(spread / variance - 1)).toBeLessThan(0.05);
});

it("is the same for the same seed, and another for another", () => {
  const values = [1, 2, 4, 8, 16, 23];
  expect(bootstrapInterval(values)).toEqual(bootstrapInterval(values));
  expect([...resampledMeans(values, { seed: 1 })]).not.toEqual([...resampledMeans(values, { seed: 2 })]);
});

it("moves and stretches with its values", () => {
  const values = [3, 1, 4, 1.5, 9];
  const [low, high] = bootstrapInterval(values)!;
  expectClose(bootstrapInterval(values.map((value) => 10 + 2 * value))!, [10 + 2 * low, 10 + 2 * high], { relative: 1e-9 });
});

// Why verdicts do not rest on it: how often it covers the mean of normal values.
it.each([[3, 0.75], [5, 0.84], [10, 0.91], [30, 0.94]])("covers the mean of %i normal values in about %f of draws", (n, expected) => {
  const { normal } = random(n, "bootstrap coverage");
  const draws = 600;
  let covered = 0;
  for (let draw = 0; draw < draws; draw++) {
    const [low, high] = bootstrapInterval(Array.from({ length: n }, normal), { resamples: 499, seed: draw })!;
    if (low <= 0 && 0 <= high) covered++;
  }
  expect(Math.abs(covered / draws - expected)).toBeLessThan(0.06);
});

it("knows its edges", () => {
  expect(bootstrapInterval([4])).toBeUndefined();
  expect(bootstrapInterval([4, 4, 4])).toEqual([4, 4]);
  expect(() => bootstrapInterval([1, Infinity])).toThrow(/finite values; value 1 is Infinity/);
  expect(() => bootstrapInterval([1, 2], { level: 95 })).toThrow(/between 0 and 1, received 95/);
  expect(() => bootstrapInterval([1, 2], { resamples: 0 })).toThrow(/resamples above 0, received 0/);
});
