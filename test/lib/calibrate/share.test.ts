import { describe, expect, it } from "vitest";
import { meanShare, nextByLogit, observedEstimate, oneRunEstimate } from "../../../lib/calibrate/share.ts";
import type { ShareStep } from "../../../lib/calibrate/share.ts";

/** Steps with distillation losses d and other losses D, trained at λ. */
const steps = (lambda: number, d: readonly number[], D: readonly number[]): ShareStep[] =>
  d.map((value, i) => ({ lambda, total: lambda * value + D[i], distillShare: (lambda * value) / (lambda * value + D[i]), weighted: {} }));

describe("share estimates", () => {
  it("recovers λ from any run whose losses do not depend on it", () => {
    const d = [0.02, 0.02, 0.02], D = [1.1, 1.1, 1.1];
    for (const lambda of [1, 7, 50]) {
      const target = (50 * 0.02) / (50 * 0.02 + 1.1);
      expect(oneRunEstimate(steps(lambda, d, D), target)).toBeCloseTo(50, 9);
    }
  });

  it("prices a distance that was only observed", () => {
    const run = steps(1, [0.3, 0.3], [1, 3]);
    expect(observedEstimate(run, [0.1, 0.3], 0.5)).toBeCloseTo(10, 12); // mean rest 2, mean observed 0.2
    expect(() => observedEstimate(run, [0.1], 0.5)).toThrow(RangeError);
  });

  it("averages shares, not losses", () => {
    expect(meanShare(steps(1, [1, 1], [1, 3]))).toBeCloseTo((0.5 + 0.25) / 2, 12);
    expect(() => meanShare([])).toThrow(RangeError);
  });

  it("moves along the logit line", () => {
    expect(nextByLogit({ lambda: 2, share: 0.5 }, 0.5)).toBeCloseTo(2, 12);
    expect(nextByLogit({ lambda: 1, share: 0.1 }, 0.5)).toBeCloseTo(9, 9);
    expect(() => nextByLogit({ lambda: 1, share: 0.1 }, 1)).toThrow(RangeError);
  });
});
