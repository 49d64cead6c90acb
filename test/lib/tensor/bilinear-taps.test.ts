import { describe, expect, it } from "vitest";
import { bilinearTaps } from "../../../lib/tensor/bilinear-taps.ts";

/** Per bin: cell → weight. */
function bins(interval: Parameters<typeof bilinearTaps>[0]): Record<number, number>[] {
  const { start, cells, weights } = bilinearTaps(interval);
  return Array.from({ length: interval.bins }, (_, i) => Object.fromEntries(Array.from({ length: start[i + 1] - start[i] }, (_v, k) => [cells[start[i] + k], weights[start[i] + k]])));
}

describe("bilinearTaps", () => {
  it("shares each point among its two cells", () => {
    expect(bins({ from: 1, length: 1, bins: 1, samples: 1, cells: 4 })).toEqual([{ 1: 0.5, 2: 0.5 }]);
    expect(bins({ from: 0, length: 2, bins: 2, samples: 2, cells: 4 })).toEqual([{ 0: 0.5, 1: 0.5 }, { 1: 0.5, 2: 0.5 }]);
  });

  it("takes points up to one cell outside at the border, and those further away for nothing", () => {
    expect(bins({ from: -1, length: 0.5, bins: 1, samples: 1, cells: 3 })).toEqual([{ 0: 1 }]);
    expect(bins({ from: -1.5, length: 0.5, bins: 1, samples: 1, cells: 3 })).toEqual([{}]);
    expect(bins({ from: 2.8, length: 0.2, bins: 1, samples: 1, cells: 3 })).toEqual([{ 2: 1 }]);
    expect(bins({ from: 3.1, length: 0.2, bins: 1, samples: 1, cells: 3 })).toEqual([{}]);
  });

  it("samples an empty interval nowhere when adaptive, and where it lies otherwise", () => {
    expect(bins({ from: 1, length: 0, bins: 2, samples: 0, cells: 3 })).toEqual([{}, {}]);
    expect(bins({ from: 1, length: 0, bins: 2, samples: 2, cells: 3 })).toEqual([{ 1: 1 }, { 1: 1 }]);
  });

  it("sums to one where every point is inside", () => {
    for (const [bin] of [[7], [3], [1]]) {
      for (const weights of bins({ from: 0.3, length: 17.7, bins: bin, samples: 0, cells: 20 })) {
        expect(Object.values(weights).reduce((a, b) => a + b)).toBeCloseTo(1, 12);
      }
    }
  });
});
