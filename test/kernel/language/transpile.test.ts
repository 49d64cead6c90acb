import { describe, expect, it } from "vitest";
import { CellSyntaxError, compileCell, compileModule } from "../../../kernel/language/transpile.ts";

const compile = (source: string) => compileCell(source, { id: 7 }).code;

describe("compileCell", () => {
  it("declares every top-level name with let, functions first", () => {
    const code = compile("const a = f(); class B {}\nfunction f() { return 1 }\nvar c = 2; export enum E { X }");
    expect(code).toMatch(/^"use strict";\nlet c, ?|^"use strict";\nlet c;/);
    for (const name of ["a", "B", "f", "c", "E"]) expect(code).toMatch(new RegExp(`let ${name}\\b`));
    expect(code).not.toMatch(/\b(const|var|export)\b/);
    expect(code.indexOf("let f")).toBeLessThan(code.indexOf("let a"));
  });

  it("leaves declarations inside functions and blocks as they are", () => {
    const code = compile("function f() { var x = 1; const y = 2; return x + y }\n{ const z = 1; let w = 2; }");
    expect(code).toContain("var x = 1");
    expect(code).toContain("const z = 1");
  });

  it("turns imports into awaited calls, before all other statements", () => {
    const code = compile('use(a, b, ns);\nimport a, { b as c, type T } from "m";\nimport * as ns from "n";\nimport "side";\nimport type { U } from "types";');
    expect(code).toContain('__potstill.named(["default"], ["b"], "m")');
    expect(code).toContain('__potstill.import("n")');
    expect(code).toContain('__potstill.import("side")');
    expect(code).not.toContain("types");
    expect(code.indexOf('"side"')).toBeLessThan(code.indexOf("use(a"));
  });

  it("guards awaits at the top level with the cell's number and those inside functions without", () => {
    const code = compile("await a; async function f() { await b; for await (const x of c) await x }");
    expect(code).toContain("await __potstill.top(7, a)");
    expect(code).toContain("await __potstill.inner(b)");
    expect(code).toContain("__potstill.each(void 0, c)");
  });

  it("makes the value of the last expression the result, and nothing else", () => {
    expect(compile("1; 2")).toContain("__potstill.result(7, 2)");
    expect(compile("'abc'")).toContain('__potstill.result(7, ');
    expect(compile("a, b")).toContain("__potstill.result(7, (a, b))");
    for (const source of ["let x = 1", "if (a) { b }", "", "// comment", "interface I {}", "function f() { 5 }"]) expect(compile(source)).not.toContain("result");
  });

  it("rewrites import() and import.meta wherever they stand", () => {
    const code = compile('const f = () => import("m"); function g() { return import.meta.url }');
    expect(code).toContain('__potstill.import("m")');
    expect(code).toContain("__potstill.meta.url");
  });

  it("names the place of a syntax error", () => {
    let caught: unknown;
    try { compile("let ok = 1;\nlet a b"); } catch (error) { caught = error; }
    expect(caught).toBeInstanceOf(CellSyntaxError);
    expect(caught).toMatchObject({ line: 2, column: 7, name: "SyntaxError" });
  });
});

describe("compileModule", () => {
  it("keeps module syntax and drops types", () => {
    const { code } = compileModule('import { x } from "./x.ts"; export const y: number = x; export enum E { A }', "m.ts", "module");
    expect(code).toContain('import { x } from "./x.ts"');
    expect(code).toContain("export const y = x");
    expect(code).toContain("export var E");
  });
});
