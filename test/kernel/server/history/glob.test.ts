import { describe, expect, it } from "vitest";
import { globMatcher } from "../../../../kernel/server/history/glob.ts";

describe("globMatcher", () => {
  // What SQLite 3.40 answers to SELECT text GLOB pattern.
  it.each([
    ["*", "", true], ["", "", true], ["", "a", false], ["a", "a", true], ["a", "A", false],
    ["a*", "abc", true], ["*c", "abc", true], ["a*c", "abcbc", true], ["a*c", "abcb", false], ["*b*", "a\nb\nc", true],
    ["?", "😀", true], ["a?c", "abc", true], ["a?c", "ac", false], ["a??", "ab", false],
    ["[ab]x", "bx", true], ["[a-c]x", "cx", true], ["[a-c]x", "dx", false], ["[^a-c]x", "dx", true], ["[^a-c]x", "bx", false],
    ["[]]", "]", true], ["[^]]", "a", true], ["[a-]", "-", true], ["x.y", "xzy", false], ["**a**", "bab", true],
  ] as const)("%j matches %j: %s", (pattern, text, expected) => {
    expect(globMatcher(pattern)(text)).toBe(expected);
  });

  it("does not lose itself in patterns of many stars", () => {
    expect(globMatcher(`${"*a".repeat(40)}*b`)("a".repeat(5000))).toBe(false);
  });

  it("takes a bracket that is not closed for itself", () => {
    expect([globMatcher("[a")("[a"), globMatcher("[a")("a")]).toEqual([true, false]);
  });
});
