import { expect, it } from "vitest";
import { holm } from "../../../lib/statistics/holm.ts";
import { random } from "../../../lib/tensor/random.ts";
import { expectClose } from "../../close.ts";
import { reference } from "./reference.ts";

it("is statsmodels' multipletests", () => {
  for (const { p, adjusted } of reference.holm!.cases) expectClose(holm(p).map((entry) => entry.adjusted), adjusted, { relative: 1e-14 });
});

it("keeps a single p, and says by how much it multiplies", () => {
  expect(holm([])).toEqual([]);
  expect(holm([0.03])).toEqual([{ adjusted: 0.03, factor: 1 }]);
  expect(holm([0.5, 0.01]).map(({ factor }) => factor)).toEqual([1, 2]);
});

it("calls anything in at most 5 % of families in which nothing differs", () => {
  const { next } = random(2, "families");
  const draws = 4000;
  let called = 0;
  for (let draw = 0; draw < draws; draw++) if (holm(Array.from({ length: 6 }, next)).some(({ adjusted }) => adjusted <= 0.05)) called++;
  expect(called / draws).toBeLessThan(0.05 + 4 * Math.sqrt((0.05 * 0.95) / draws));
});

it("refuses what is no p-value", () => {
  expect(() => holm([0.1, NaN])).toThrow(/from 0 to 1, received NaN/);
  expect(() => holm([1.2])).toThrow(/received 1.2/);
});
