import { describe, expect, it } from "vitest";
import { random, resumeRandom } from "../../../lib/tensor/random.ts";

const draws = (n: number, next: () => number) => Array.from({ length: n }, next);

describe("random", () => {
  it("gives each key a stream of its own, the same every time", () => {
    expect(draws(5, random(7, "flip", 3).next)).toEqual(draws(5, random(7, "flip", 3).next));
    const streams = [random(7, "flip", 3), random(7, "flip", 4), random(7, "scale", 3), random(8, "flip", 3), random("7", "flip", 3)];
    expect(new Set(streams.map((stream) => stream.next())).size).toBe(5);
  });

  it("does not confuse keys that concatenate to the same text", () => {
    expect(random("a", "bc").next()).not.toBe(random("ab", "c").next());
  });

  it("continues from a saved state", () => {
    const stream = random(1, "save");
    draws(100, stream.next);
    const state = stream.state();
    expect(draws(20, resumeRandom(state).next)).toEqual(draws(20, stream.next));
  });

  it("is uniform: chi-square over 64 bins of 64,000 draws stays below the 99.9 % quantile", () => {
    const counts = new Array<number>(64).fill(0);
    const stream = random(20261, "chi");
    for (let i = 0; i < 64_000; i++) counts[stream.integer(64)] += 1;
    const chi2 = counts.reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
    expect(chi2).toBeLessThan(103.4); // 63 degrees of freedom
  });

  it("has normal moments: mean, variance and kurtosis of 100,000 draws within five standard errors", () => {
    const values = draws(100_000, random(3, "normal").normal);
    const moment = (k: number) => values.reduce((sum, value) => sum + value ** k, 0) / values.length;
    expect(Math.abs(moment(1))).toBeLessThan(5 / Math.sqrt(1e5));
    expect(Math.abs(moment(2) - 1)).toBeLessThan(5 * Math.sqrt(2 / 1e5));
    expect(Math.abs(moment(4) - 3)).toBeLessThan(5 * Math.sqrt(96 / 1e5));
  });

  it("shuffles into a permutation and leaves its input alone", () => {
    const items = Array.from({ length: 50 }, (_, i) => i);
    const shuffled = random(9).shuffle(items);
    expect(items[0]).toBe(0);
    expect(shuffled).not.toEqual(items);
    expect([...shuffled].sort((a, b) => a - b)).toEqual(items);
  });

  it("refuses bounds that are no positive integer", () => {
    for (const bound of [0, -1, 1.5, Number.NaN, 2 ** 33]) expect(() => random(1).integer(bound)).toThrow(RangeError);
  });
});
