import { describe, expect, it } from "vitest";
import { constant, learningRate, stepwise } from "../../../lib/train/schedule.ts";

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
  });

  it("is constant without warm-up and drops", () => {
    expect([0, 10].map(learningRate({ base: 0.5 }))).toEqual([0.5, 0.5]);
    expect(constant(3)(99)).toBe(3);
  });
});
