import { expect, it } from "vitest";
import { leastSignFlip, signFlipTest } from "../../../lib/statistics/sign-flip.ts";
import { random } from "../../../lib/tensor/random.ts";
import { expectClose } from "../../close.ts";
import { reference } from "./reference.ts";

it("is scipy.stats.permutation_test over all flips", () => {
  for (const { values, above, below } of reference.signFlip) {
    const found = signFlipTest(values);
    expectClose([found.above, found.below, found.twoSided], [above, below, Math.min(1, 2 * Math.min(above, below))], { relative: 1e-14 });
  }
});

it("cannot go below 2^−n, and reaches it when all signs agree", () => {
  for (const n of [1, 3, 5, 10]) {
    const values = Array.from({ length: n }, (_, i) => 1 + i / 7);
    expect(signFlipTest(values).above).toBe(leastSignFlip(n, 1));
    expect(signFlipTest(values).twoSided).toBe(leastSignFlip(n));
    expect(signFlipTest(values.map((value) => -value)).below).toBe(leastSignFlip(n, 1));
  }
  expect([leastSignFlip(5), leastSignFlip(6)]).toEqual([0.0625, 0.03125]);
});

it("is right as often as it says where nothing differs", () => {
  const { normal } = random(1, "sign flips");
  const draws = 2000;
  let called = 0;
  for (let draw = 0; draw < draws; draw++) if (signFlipTest(Array.from({ length: 6 }, normal)).twoSided <= 0.05) called++;
  expect(called / draws).toBeLessThan(0.05 + 4 * Math.sqrt((0.05 * 0.95) / draws));
  expect(called / draws).toBeGreaterThan(0.015); // two of the 64 flips: 3.1 %
});

it("counts sums that differ in their last bits alone as equal", () => {
  expect(signFlipTest([0.1, 0.2, 0.3]).above).toBe(1 / 8);
  expect(signFlipTest([0.1, 0.1, 0.1, -0.1]).above).toBe(5 / 16);
  expect(signFlipTest([0, 0]).twoSided).toBe(1);
});

it("refuses too many pairs and what is no number", () => {
  expect(() => signFlipTest(new Array<number>(21).fill(1))).toThrow(/up to 20 pairs, received 21. Use Student's test/);
  expect(() => signFlipTest([])).toThrow(/at least 1 values/);
  expect(() => signFlipTest([NaN])).toThrow(/value 0 is NaN/);
});
