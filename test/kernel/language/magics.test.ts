import { describe, expect, it } from "vitest";
import { splitMagics, withoutMagics } from "../../../kernel/language/magics.ts";

const calls = (cell: string): string[] => splitMagics(cell).magics.map(({ scope, name, args, line }) => `${line}:${scope === "cell" ? "%%" : "%"}${[name, ...args].join("|")}`);

describe("splitMagics", () => {
  it("finds line and cell magics before the first line of code", () => {
    expect(calls("%%time\n%typecheck warn\n\n  %tsx\nlet x = 1;")).toEqual(["1:%%time", "2:%typecheck|warn", "4:%tsx"]);
  });

  it("looks past comments of both kinds, also long ones that contain percent signs", () => {
    expect(calls("// note\n/* a\n%no\n*/ // end\n%yes\n/* b */ let x;\n%no")).toEqual(["5:%yes"]);
    expect(calls("/* open\n%no")).toEqual([]);
  });

  it("leaves operators alone: after the first line of code a percent sign continues an expression", () => {
    expect(splitMagics("7\n%time\n* 2")).toEqual({ code: "7\n%time\n* 2", magics: [] });
    expect(calls("`\n%text`")).toEqual([]);
    expect(calls("5 % 3")).toEqual([]);
  });

  it("keeps every position: magics become as many spaces, line ends stay", () => {
    const cell = "%install 'a b' 🚀\r\n%x\nlet y = 1;";
    const code = withoutMagics(cell);
    expect(code).toHaveLength(cell.length);
    expect(code).toBe(`${" ".repeat("%install 'a b' 🚀".length)}\r\n  \nlet y = 1;`);
  });

  it("takes a comment for none of its words, and an address for no comment", () => {
    expect(splitMagics("%install zod@4 // with its types").magics[0].args).toEqual(["zod@4"]);
    expect(splitMagics("%m https://example.org/a.tgz").magics[0].args).toEqual(["https://example.org/a.tgz"]);
    expect(splitMagics("%%time // why").magics[0].args).toEqual([]);
  });

  it("parts words at white space, unless quotes hold them together", () => {
    expect(splitMagics(`%m one "two words" 'it''s' --a="b c" "open`).magics[0].args).toEqual(["one", "two words", "its", "--a=b c", '"open']);
  });

  it("reports unfinished ones, for completion and clear errors", () => {
    expect(calls("%")).toEqual(["1:%"]);
    expect(calls("%%\n% gap")).toEqual(["1:%%", "2:%|gap"]);
  });
});
