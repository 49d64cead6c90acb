import { expect, it } from "vitest";
import { toCodePoints, toUtf16 } from "../../../kernel/protocol/offsets.ts";

it("counts code points as Python does, and is its own inverse", () => {
  const text = "a😀é𝒳z";
  expect([0, 1, 2, 3, 4, 5, 99].map((n) => toUtf16(text, n))).toEqual([0, 1, 3, 4, 6, 7, 7]);
  for (let n = 0; n <= 5; n++) expect(toCodePoints(text, toUtf16(text, n))).toBe(n);
});
