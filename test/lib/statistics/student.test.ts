import { expect, it } from "vitest";
import { studentCentral, studentInterval, studentQuantile, studentTest } from "../../../lib/statistics/student.ts";
import { random } from "../../../lib/tensor/random.ts";
import { expectClose } from "../../close.ts";
import { reference } from "./reference.ts";

const { central, quantile, tests } = reference.student;

it("is SciPy's distribution and quantile", () => {
  expectClose(central.map(({ t, freedom }) => studentCentral(t, freedom)), central.map((entry) => entry.central), { relative: 1e-12, absolute: 1e-14 });
  expectClose(quantile.map(({ level, freedom }) => studentQuantile(level, freedom)), quantile.map(({ t }) => t), { relative: 1e-10 });
});

it("gives SciPy's intervals and p-values", () => {
  for (const { values, centre, twoSided, above, below, interval } of tests) {
    const found = studentTest(values, centre);
    expectClose([found.twoSided, found.above, found.below], [twoSided, above, below], { relative: 1e-10, absolute: 1e-14 });
    expectClose(studentInterval(values)!, interval, { relative: 1e-10 });
  }
});

it("leaves out 0 just when p is below 5 %", () => {
  const { normal } = random(3, "duality");
  for (let draw = 0; draw < 200; draw++) {
    const values = Array.from({ length: 3 + (draw % 5) }, () => normal() + 0.8);
    const [low, high] = studentInterval(values)!;
    expect(low > 0 || high < 0).toBe(studentTest(values).twoSided < 0.05);
  }
});

it.each([3, 5, 10])("covers the mean of %i normal values in 95 % of draws", (n) => {
  const { normal } = random(n, "coverage");
  const draws = 4000;
  let covered = 0;
  for (let draw = 0; draw < draws; draw++) {
    const [low, high] = studentInterval(Array.from({ length: n }, () => 2 + 3 * normal()))!;
    if (low <= 2 && 2 <= high) covered++;
  }
  expect(Math.abs(covered / draws - 0.95)).toBeLessThan(4 * Math.sqrt((0.95 * 0.05) / draws));
});

it("knows no noise where all differences are the same", () => {
  expect(studentTest([0.4, 0.4, 0.4])).toEqual({ above: 0.125, below: 0.875, twoSided: 0.25 });
  expect(studentTest([40.2 - 40.1, 30.2 - 30.1, 20.2 - 20.1]).twoSided).toBe(0.25);
  expect(studentTest([-1, -1, -1, -1]).below).toBe(1 / 16);
  expect(studentTest([0, 0, 0])).toEqual({ above: 1, below: 1, twoSided: 1 });
  expect(studentTest([2, 2], 2).twoSided).toBe(1);
});

it("has no interval of one value, and refuses what is no number", () => {
  expect(studentInterval([1])).toBeUndefined();
  expect(studentInterval([])).toBeUndefined();
  expect(() => studentInterval([1, NaN])).toThrow(/value 1 is NaN. Leave out/);
  expect(() => studentTest([1])).toThrow(/at least 2 values, received 1/);
  expect(() => studentCentral(1, 0)).toThrow(/whole number of degrees/);
  expect(() => studentQuantile(1, 3)).toThrow(/between 0 and 1, received 1/);
});
