import { expect, it } from "vitest";
import { classColour, colour, darkTextOn, objectColours, withOpacity } from "../../../lib/report/palette.ts";

it("gives each of eighty classes a colour of its own", () => {
  const colours = Array.from({ length: 80 }, (_, i) => colour(i));
  expect(new Set(colours).size).toBe(80);
  expect(colours.every((one) => /^#[0-9a-f]{6}$/i.test(one))).toBe(true);
});

it("chooses the ink by contrast", () => {
  expect([darkTextOn("#ffffff"), darkTextOn("#000000"), darkTextOn("#0072B2"), darkTextOn("#E69F00")]).toEqual([true, false, false, true]);
});

it("writes opacity", () => expect(withOpacity("#0072B2", 0.2)).toBe("rgba(0, 114, 178, 0.2)"));

it("gives classes over photographs colours of their own, the first a warm one", () => {
  const [red, , blue] = [1, 3, 5].map((at) => Number.parseInt(classColour(0).slice(at, at + 2), 16));
  expect(red).toBeGreaterThan(blue);
  expect(new Set(Array.from({ length: 20 }, (_, i) => classColour(i))).size).toBe(20);
});

it("gives the first object of a class its class's colour, and no two objects the same", () => {
  const colours = objectColours([2, 0, 2, 0, 5]);
  expect([colours[0], colours[1], colours[4]]).toEqual([classColour(2), classColour(0), classColour(5)]);
  expect(new Set(colours).size).toBe(5);
  expect(objectColours([])).toEqual([]);
});
