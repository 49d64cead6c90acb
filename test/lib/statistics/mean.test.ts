import { expect, it } from "vitest";
import { deviation, mean } from "../../../lib/statistics/mean.ts";
import { expectClose } from "../../close.ts";
import { reference } from "./reference.ts";

it("is NumPy's deviation with n − 1", () => {
  const { tests } = reference.student;
  expectClose(tests.map(({ values }) => deviation(values)), tests.map((entry) => entry.deviation), { relative: 1e-12 });
});

it("has no deviation of one value, and exactly none of equal ones", () => {
  expect(deviation([1])).toBeNaN();
  expect(deviation([0.1, 0.1, 0.1])).toBe(0);
  expect(mean([])).toBeNaN();
  expect(mean([1, 2, 6])).toBe(3);
});
