import { describe, expect, it } from "vitest";
import { NonMonotoneError, TargetOutsideError, searchLambda } from "../../../lib/calibrate/search.ts";
import type { SearchOptions, SearchState } from "../../../lib/calibrate/search.ts";
import { secantLambda } from "../../../lib/calibrate/secant.ts";

/** A share whose losses do not depend on λ: λd / (λd + D). */
const rational = (ratio: number) => async (lambda: number) => lambda / (lambda + ratio);

async function run(options: SearchOptions): Promise<SearchState[]> {
  const states: SearchState[] = [];
  for await (const state of searchLambda(options)) states.push(state);
  return states;
}

describe("searchLambda", () => {
  it("finds the λ whose share is the target, inside a bracket that only shrinks", async () => {
    const ratio = (50 * 0.55) / 0.45; // share 0.45 at λ = 50
    const states = await run({ probe: rational(ratio), target: 0.45, tolerance: 1e-4, resolution: 1e-6 });
    const { lambda, share, reason } = states.at(-1)!.result!;
    expect(Math.abs(share - 0.45)).toBeLessThanOrEqual(1e-4);
    expect(Math.abs(lambda - 50)).toBeLessThan(0.05);
    expect(reason).toBe("tolerance");
    expect(states[0].bracket).toBeUndefined();
    const brackets = states.flatMap(({ bracket }) => (bracket ? [bracket] : []));
    expect(brackets).toHaveLength(states.length - 1);
    for (const [i, [low, high]] of brackets.entries()) {
      expect(low.share).toBeLessThanOrEqual(0.45);
      expect(high.share).toBeGreaterThanOrEqual(0.45);
      if (i > 0) expect(high.lambda - low.lambda).toBeCloseTo((brackets[i - 1][1].lambda - brackets[i - 1][0].lambda) / 2, 9);
    }
    expect(states.slice(0, -1).every(({ result }) => result === undefined)).toBe(true);
  });

  it("stops at the resolution when the tolerance is out of reach, and says so", async () => {
    const step = async (lambda: number) => (lambda < 33.3 ? 0.2 : 0.7);
    const { result } = (await run({ probe: step, target: 0.45, tolerance: 0.001, resolution: 0.02 })).at(-1)!;
    expect(result!.reason).toBe("resolution");
    expect(result!.bracket[0].lambda).toBeLessThan(33.3);
    expect(result!.bracket[1].lambda).toBeGreaterThanOrEqual(33.3);
    expect(result!.bracket[1].lambda - result!.bracket[0].lambda).toBeLessThanOrEqual(0.02 * result!.bracket[0].lambda);
  });

  it("needs fewer probes with geometric midpoints when λ* is small", async () => {
    const count = async (midpoint: "arithmetic" | "geometric") => (await run({ probe: rational(2), target: 0.5, midpoint })).at(-1)!.probes.length;
    expect(await count("geometric")).toBeLessThan(await count("arithmetic"));
  });

  it("says on which side the target lies outside the interval", async () => {
    await expect(run({ probe: rational(1), target: 0.2 })).rejects.toThrow(TargetOutsideError);
    await expect(run({ probe: rational(1), target: 0.2 })).rejects.toThrow(/below the interval/);
    await expect(run({ probe: rational(1000), target: 0.45 })).rejects.toThrow(/above the interval/);
  });

  it("refuses a share that falls while λ rises, instead of returning a number", async () => {
    const dip = async (lambda: number) => (lambda > 40 && lambda < 60 ? 0.001 : lambda / (lambda + 60));
    await expect(run({ probe: dip, target: 0.45 })).rejects.toThrow(NonMonotoneError);
    const falling = async (lambda: number) => 1 / (1 + lambda);
    await expect(run({ probe: falling, target: 0.2 })).rejects.toThrow(NonMonotoneError);
  });

  it("accepts a dip within the slack", async () => {
    const dip = async (lambda: number) => (lambda === 50.5 ? 0.01 : lambda / (lambda + 60));
    await expect(run({ probe: dip, target: 0.3 })).rejects.toThrow(NonMonotoneError);
    await expect(run({ probe: dip, target: 0.3, slack: 0.01 })).resolves.toBeDefined();
  });

  it.each([
    [{ target: 0 }], [{ target: 1 }], [{ target: Number.NaN }], [{ target: 0.5, interval: [0, 10] as const }], [{ target: 0.5, interval: [10, 1] as const }],
    [{ target: 0.5, tolerance: -1 }], [{ target: 0.5, resolution: 0 }],
  ])("refuses impossible options %j", async (options) => {
    await expect(run({ probe: rational(10), ...options })).rejects.toThrow(RangeError);
  });

  it("refuses a probe that returns no share", async () => {
    await expect(run({ probe: async () => Number.NaN, target: 0.5 })).rejects.toThrow(/λ = 1 gave the share NaN/);
  });
});

describe("secantLambda", () => {
  it("is exact after one correction when the losses do not depend on λ", async () => {
    const probes = [];
    for await (const probe of secantLambda({ probe: rational(40), target: 0.45, tolerance: 1e-12 })) probes.push(probe);
    expect(probes).toHaveLength(2);
    expect(probes[1].lambda).toBeCloseTo((40 * 0.45) / 0.55, 9);
  });

  it("says when it does not settle", async () => {
    const stuck = async () => 0.2;
    await expect(async () => { for await (const _ of secantLambda({ probe: stuck, target: 0.45 })); }).rejects.toThrow(/after 6 probes/);
  });
});
