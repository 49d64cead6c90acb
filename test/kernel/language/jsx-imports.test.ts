import { expect, it } from "vitest";
import ts from "typescript";
import { compileCell } from "../../../kernel/language/transpile.ts";

it("loads the functions that elements call as the cell's own imports are loaded", () => {
  const { code } = compileCell("const e = <p id='a'><b/><></></p>; e", { id: 7, tsx: true, compilerOptions: { jsx: ts.JsxEmit.ReactJSX, jsxImportSource: "tiny" } });
  expect(code).not.toMatch(/^import/m);
  expect(code).toContain(`let { "jsx": _jsx, "Fragment": _Fragment, "jsxs": _jsxs } = __potstill.woke(7, await __potstill.top(7, __potstill.named(["jsx", "Fragment", "jsxs"], [], "tiny/jsx-runtime")));`);
});

it("adds nothing to cells without elements, or with a factory of their own", () => {
  expect(compileCell("1", { id: 7, tsx: true, compilerOptions: { jsx: ts.JsxEmit.ReactJSX } }).code).not.toContain("named");
  expect(compileCell("<p/>", { id: 7, tsx: true, compilerOptions: { jsx: ts.JsxEmit.React, jsxFactory: "h" } }).code).toContain(`h("p", null)`);
});
