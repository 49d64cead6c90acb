import { expect, it } from "vitest";
import { colour, darkTextOn, withOpacity } from "../../../lib/report/palette.ts";

it("gives each of eighty classes a colour of its own", () => {
  const colours = Array.from({ length: 80 }, (_, i) => colour(i));
  expect(new Set(colours).size).toBe(80);
  expect(colours.every((one) => /^#[0-9a-f]{6}$/i.test(one))).toBe(true);
});

it("chooses the ink by contrast", () => {
  expect([darkTextOn("#ffffff"), darkTextOn("#000000"), darkTextOn("#0072B2"), darkTextOn("#E69F00")]).toEqual([true, false, false, true]);
});

it("writes opacity", () => expect(withOpacity("#0072B2", 0.2)).toBe("rgba(0, 114, 178, 0.2)"));
