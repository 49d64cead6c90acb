import { describe, expect, it } from "vitest";
import { constant, from, learningRate, product, ramp, stepwise, until } from "../../../lib/train/schedule.ts";

describe("stepwise", () => {
  it("switches λ at the paper's iteration: 119,999 has λ1, 120,000 has λ2 (SSSD section 2.2)", () => {
    const lambda = stepwise([[0, 75], [120_000, 80]]);
    expect([0, 119_999, 120_000, 180_000].map(lambda)).toEqual([75, 75, 80, 80]);
  });

  it("refuses starts that do not ascend from 0", () => {
    for (const entries of [[], [[1, 2]], [[0, 1], [0, 2]], [[0, 1], [5, 2], [3, 1]]] as [number, number][][]) {
      expect(() => stepwise(entries)).toThrow(RangeError);
    }
  });
});

describe("ramp, until, from and their product", () => {
  it("ramp rises by one part per iteration and stays: FRS's 500", () => {
    expect([0, 1, 250, 499, 500, 10_000].map(ramp(500))).toEqual([0, 1 / 500, 0.5, 499 / 500, 1, 1]);
    expect([0, 1].map(ramp(0))).toEqual([1, 1]);
  });

  it("until and from switch at the iteration they name, and are each other's complement", () => {
    expect([0, 119_999, 120_000].map(until(120_000))).toEqual([1, 1, 0]);
    expect([0, 29_999, 30_000].map(from(30_000))).toEqual([0, 0, 1]);
    for (const i of [0, 6, 7, 8]) expect(until(7)(i) + from(7)(i)).toBe(1);
  });

  it("product multiplies numbers and schedules; of nothing it is 1", () => {
    const weight = product(75, ramp(10), until(20));
    expect([0, 5, 10, 19, 20].map(weight)).toEqual([0, 37.5, 75, 75, 0]);
    expect(product()(3)).toBe(1);
  });

  it("refuse what is no iteration or factor", () => {
    for (const schedule of [ramp, until, from]) for (const bad of [-1, 0.5, NaN, Infinity]) expect(() => schedule(bad)).toThrow(/must be a whole number from 0/);
    for (const bad of [NaN, "2", undefined]) expect(() => product(2, bad as number)).toThrow(/a factor is .*finite number or a function/);
  });
});

describe("learningRate", () => {
  // detectron2's WarmupMultiStepLR for LGD's RetinaNet: base 0.01, 1000 iterations from a factor of 0.001, drops at 120k and 160k.
  const lr = learningRate({ base: 0.01, warmup: 1000, drops: [120_000, 160_000] });

  it.each([[0, 1e-5], [500, 0.01 * (0.001 * 0.5 + 0.5)], [999, 0.01 * (0.001 * 0.001 + 0.999)], [1000, 0.01], [119_999, 0.01], [120_000, 1e-3], [160_000, 1e-4]])("is right at iteration %i", (iteration, value) => {
    expect(lr(iteration)).toBeCloseTo(value, 12);
  });

  it("stays at the factor all through a constant warm-up (mmcv's FCOS: 500 iterations at a third)", () => {
    expect([0, 499, 500].map(learningRate({ base: 0.01, warmup: 500, warmupKind: "constant", warmupFactor: 1 / 3 }))).toEqual([0.01 * (1 / 3), 0.01 * (1 / 3), 0.01]);
  });

  it("refuses what makes no schedule", () => {
    expect(() => learningRate({ base: Number.NaN })).toThrow(/base is NaN; it must be a number from 0/);
    expect(() => learningRate({ base: 1, warmupKind: "exp" as never })).toThrow(/warmupKind is "exp"; it must be "linear" or "constant"/);
    expect(() => learningRate({ base: "0.1" as never })).toThrow(/base is "0\.1"; it must be a number/);
    expect(() => learningRate({ base: 1, drops: 5 as never })).toThrow(/drops is 5; it must be a list of iterations/);
  });

  it("is constant without warm-up and drops", () => {
    expect([0, 10].map(learningRate({ base: 0.5 }))).toEqual([0.5, 0.5]);
    expect(constant(3)(99)).toBe(3);
  });
});
