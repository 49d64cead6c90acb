import { describe, expect, it } from "vitest";
import { highest } from "../../../../lib/detector/rpn/highest.ts";
import { random } from "../../../../lib/tensor/random.ts";

describe("highest", () => {
  it("orders by value, of equal ones the earlier first", () => {
    expect([...highest(Float32Array.of(1, 3, 2, 3, 1), 3)]).toEqual([1, 3, 2]);
    expect([...highest(Float32Array.of(5, 5, 5, 5), 2)]).toEqual([0, 1]);
  });

  it("gives all there are, none of none, and passes over what is not a number", () => {
    expect([...highest(Float32Array.of(1, 2), 10)]).toEqual([1, 0]);
    expect([...highest(new Float32Array(0), 10)]).toEqual([]);
    expect([...highest(Float32Array.of(NaN, 1, Infinity, NaN, -Infinity), 10)]).toEqual([2, 1, 4]);
    expect([...highest(Float32Array.of(NaN), 1)]).toEqual([]);
  });

  it("is a whole sort's beginning", () => {
    const stream = random(1, "values");
    const values = Float32Array.from({ length: 1000 }, () => Math.round(stream.normal() * 20));
    const sorted = Array.from(values.keys()).sort((i, j) => values[j] - values[i] || i - j);
    expect([...highest(values, 137)]).toEqual(sorted.slice(0, 137));
    expect(values.some((v, i) => i > 0 && v < values[i - 1]), "the values were left in their order").toBe(true);
  });
});
