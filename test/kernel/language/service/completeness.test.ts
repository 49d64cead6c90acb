import { describe, expect, it, vi } from "vitest";
import type { TypeScript } from "../../../../kernel/language/typescript.ts";
import { completeness } from "../../../../kernel/language/service/completeness.ts";

/** The texts that were given to TypeScript's parser and scanner. */
const read = vi.hoisted((): { parsed: string[]; scanned: (string | undefined)[] } => ({ parsed: [], scanned: [] }));

vi.mock("../../../../kernel/language/service/typescript.ts", async (original) => {
  const { ts } = await original<{ ts: TypeScript }>();
  const createSourceFile: typeof ts.createSourceFile = (name, text, ...rest) => {
    read.parsed.push(text);
    return ts.createSourceFile(name, text, ...rest);
  };
  const createScanner: typeof ts.createScanner = (target, skipTrivia, variant, text, ...rest) => {
    read.scanned.push(text);
    return ts.createScanner(target, skipTrivia, variant, text, ...rest);
  };
  return { ts: { ...ts, createSourceFile, createScanner } };
});

const complete = ["", "1 + 1", "// note", "await x", "const a = 1;", "if (x) { y(); }", "`a ${b}`", "for await (const x of y) {}", "class A { #p = 1 }",
  "function f(): void {}", "declare function f(): void", "a\n  .b()", "let x", "() => {}", "/* note */", "x satisfies Y", "using a = b;", "@dec class A {}", "x = /[/]/", "\"a\\\nb\"", "if (a) b; else c", "return", "a < b"];
const incomplete: [code: string, indent: string][] = [
  ["if (x) {", "  "], ["if (x) {\n  y();", "  "], ["function f() {\n  if (a) {", "    "], ["foo(", "  "], ["foo(1,", "  "], ["[1, 2", "  "], ["const a =", ""], ["x +", ""],
  ["a &&", ""], ["await", ""], ["`abc", ""], ["`a ${", "  "], ["`a ${b", "  "], ["/* note", ""], ["/** note\n * more", ""], ["const f = () =>", ""], ["const f = (a, b) => {", "  "], ["a.", ""], ["x ? y", ""],
  ["import {", "  "], ["import { a } from", ""], ["export", ""], ["type A =", ""], ["interface A {\n  b: number;", "  "], ["try {\n}", ""], ["do {} ", ""], ["if (x)", ""], ["while (true)", ""], ["const", ""], ["let x:", ""],
  ["function f(a: number)", ""], ["class A {", "  "], ["switch (a) { case 1:", "  "], ["f(`", ""], ["new", ""], ["const { a", "  "], ["@dec", ""], ["throw", ""], ["f(function () {\n  a();\n}", ""], ["const o = {\n  a: [\n    1,", "    "]];
const invalid = ["}", "x y z", "\"abc", "let 1a = 2", "if (x) }", "f())", "const a = ];", "/ab", "1 +* 2", "for (let x of) {}", "a b {", "else", "class { ]"];

describe("completeness", () => {
  it.each(complete)("complete: %j", (code) => expect(completeness(code)).toEqual({ status: "complete" }));
  it.each(incomplete)("incomplete: %j", (code, indent) => expect(completeness(code)).toEqual({ status: "incomplete", indent }));
  it.each(invalid)("invalid: %j", (code) => expect(completeness(code)).toEqual({ status: "invalid" }));

  it("becomes complete by the lines that it asks for", () => {
    expect(completeness("function f() {\n  return `a").status).toBe("incomplete");
    expect(completeness("function f() {\n  return `a\nb`;\n").status).toBe("incomplete");
    expect(completeness("function f() {\n  return `a\nb`;\n}").status).toBe("complete");
  });

  it("parses a long cell once and scans only its last line again", () => {
    const code = "const a = [1, 2, 3].map((x) => x * 2);\n".repeat(500) + "f(";
    read.parsed = [];
    read.scanned = [];
    expect(completeness(code).status).toBe("incomplete");
    expect(read).toEqual({ parsed: [code], scanned: ["f("] });
  });
});

describe("completeness of TSX", () => {
  it.each(["<b/>", "<b>{1}</b>", "<></>", "const e = <p id='a'>text</p>;", "<T,>(x: T) => x"])("complete: %j", (code) => expect(completeness(code, true).status).toBe("complete"));
  it.each(["<b>", "<b>\n  text", "<b>{", "<b id=", "<b", "<>", "<ul>\n  <li>one</li>", "const e = (\n  <p>"])("incomplete: %j", (code) => expect(completeness(code, true).status).toBe("incomplete"));
  it.each(["<b></i>", "</b>", "<b>}</b>", "<b id=>x</b>"])("invalid: %j", (code) => expect(completeness(code, true).status).toBe("invalid"));
});
