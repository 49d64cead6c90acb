import { describe, expect, it } from "vitest";
import { atFirstCharacter } from "../../../../kernel/language/service/typed-word.ts";

/** "|" is the cursor. */
function shortened(marked: string): string {
  const cursor = marked.indexOf("|");
  const { code, cursor: at } = atFirstCharacter({ code: marked.replace("|", ""), cursor });
  return `${code.slice(0, at)}|${code.slice(at)}`;
}

describe("the name at the cursor", () => {
  it.each([
    ["consol|", "c|"],
    ["a.lengt|; b", "a.l|; b"],
    ["foo(ba|r)", "foo(b|r)"],
    ["$elem|", "$|"],
    ["𝒳yz|", "𝒳|"],
    ["données|", "d|"],
  ])("is cut to its first character: %s", (marked, expected) => {
    expect(shortened(marked)).toBe(expected);
  });

  it.each(["", "|", "a.|", "x |", "12|", "0xff|", "1n|", "this.#priv|", "@dec|", "a|", "\\u00e9a|", '"|'])("leaves everything else alone: %s", (marked) => {
    const whole = marked.includes("|") ? marked : `${marked}|`;
    expect(shortened(whole)).toBe(whole);
  });
});
