import { describe, expect, it } from "vitest";
import { powerLaw } from "../../../lib/calibrate/power-law.ts";

describe("powerLaw", () => {
  it("recovers an exact law and continues it", () => {
    const { exponent, factor, at } = powerLaw([8, 16, 64], [8, 16, 64].map((c) => 3.125 * Math.sqrt(c)));
    expect(exponent).toBeCloseTo(0.5, 12);
    expect(factor).toBeCloseTo(3.125, 12);
    expect(at(256)).toBeCloseTo(50, 10);
  });

  // numpy.polyfit(np.log([1, 2, 4]), np.log([1, 3, 4]), 1) = [1.0, 0.13515503603605478]
  it("is least squares on logarithms", () => {
    const { exponent, factor } = powerLaw([1, 2, 4], [1, 3, 4]);
    expect(exponent).toBeCloseTo(1, 12);
    expect(Math.log(factor)).toBeCloseTo(0.13515503603605478, 12);
  });

  it("refuses one x, unequal lengths and values that have no logarithm", () => {
    for (const [x, y] of [[[1, 1], [1, 2]], [[1, 2], [1]], [[1, 2], [0, 1]], [[1, Infinity], [1, 1]], [[-1, 2], [1, 1]]]) {
      expect(() => powerLaw(x, y)).toThrow(RangeError);
    }
  });
});
