import ts from "typescript";
import { describe, expect, it } from "vitest";
import { helpRequest } from "../../../kernel/server/help.ts";

describe("helpRequest", () => {
  it.each([
    ["parseInt?", { name: "parseInt", detail: 0 }],
    ["?parseInt", { name: "parseInt", detail: 0 }],
    [" ?? Math.max \n", { name: "Math.max", detail: 1 }],
    ["größe.$x_1??", { name: "größe.$x_1", detail: 1 }],
    ["rows[0].name?", { name: "rows[0].name", detail: 0 }],
    ["map['a b']?", { name: "map['a b']", detail: 0 }],
  ])("reads %j", (code, request) => {
    expect(helpRequest(code)).toEqual(request);
  });

  const code = ["", "?", "??", "x", "x ? 1 : 2", "x ?? y", "x?.y", "x?.[0]", "f()?", "x ?", "x?;", "type A = { a?: 1 }", "// x?", "'x?'", "x?\ny?", "a b?", `${"x".repeat(600)}?`];
  it.each(code)("takes %j for code", (text) => {
    expect(helpRequest(text)).toBeUndefined();
  });

  it("takes nothing that TypeScript accepts", () => {
    for (const text of ["x?", "?x", "x??", "??x", "a.b?", "a[0]?"]) {
      const { diagnostics } = ts.transpileModule(text, { reportDiagnostics: true });
      expect([text, diagnostics!.length > 0]).toEqual([text, true]);
    }
  });
});
