import ts from "typescript";
import { describe, expect, it } from "vitest";
import { Emitter } from "../../../kernel/language/emitter.ts";
import { jsxImports } from "../../../kernel/language/jsx-imports.ts";
import { moduleToCell } from "../../../kernel/language/module-to-cell.ts";
import { relaxBindings } from "../../../kernel/language/relax-bindings.ts";

const cells: readonly string[] = [
  "", "1 + 2", "// nothing\n", "const a = 1, b: string = 'x'; let c; a + b.length", "export const shown: number = 4;",
  "import fs, { type Stats, readFileSync as read } from 'node:fs'; import * as path from 'node:path'; import type { Server } from 'node:http'; import 'x';\nlet s: Stats | undefined; read(path.sep)",
  "import x = require('x'); import data from './d.json' with { type: 'json' }; x(data)", "export default class { }", "export * from 'y'; export { one as two } from 'z'; export {}",
  "enum Level { Low, High = 'high'.length, Both = Low | 2 }\nconst enum Fast { A = 1, B = A << 2 }\nLevel.Low + Fast.B + Fast['A']", "declare const enum Far { A } Far.A",
  "namespace N { export const x = 1; export namespace M { export let y = x } } N.M.y", "declare namespace D { const z: number } declare let w: number; declare function f(): void;",
  "interface I { a: number } type T = I | null; abstract class K<V> implements I { a = 1; #p = 2; static s = 3; constructor(public q: V, private r = 1) { } abstract m(): void; declare d: number; accessor e = 1 }",
  "function dec(v: unknown, c: DecoratorContext) { } @dec class A { @dec m() { } @dec f = 1; @dec accessor g = 2; @dec static s() { } }",
  "{ using h = { [Symbol.dispose]() { } }; await using g = { async [Symbol.asyncDispose]() { } } }", "for await (const x of [1]) { if (x) continue } label: for (;;) break label;",
  "const r = await Promise.all([1].map(async (n) => n * 2)); r!.length as number satisfies number", "async function* g<T>(this: void, ...a: T[]): AsyncGenerator<T> { yield* a; await 1 } g.then(() => 1)",
  "function over(a: string): void; function over(a: number): void; function over(a: any) { return a } var v = 1; { var v = 2 }", "let o = { ...{ a: 1 }, get b() { return 1 }, async *c() { } }; ({ a: o.a } = o as any); [o] = [o]; o?.b ?? 1; o.b ||= 2",
  "import.meta.url; import('x').then((m) => m)", "class B { static { this.x = 1 } static x: number; override y = super.toString() }", "let 数 = '𝒳'; `a${数}b`; /* c */ 数 /* d */; // e",
  "@", "const = 1", "let a = 1; let a = 2", "return 1", "await", "const x: = 1; (", "class { }", "1 +", "function f( {", "`unfinished", "a b c", "export const enum E { A = 'x' } E.A", "undefinedName.b; var __extends = 1; _a; class C extends (class { }) { #q = 1; t = this.#q++ }",
];
const elements: readonly string[] = ["const e = <a b={1} {...c}>text {d}</a>; <><b.c/></>", "/** @jsx h */ <p/>", "/* @jsxImportSource preact */ <p key={1}/>", "const T = <V,>(v: V) => v; T(<i>1</i>)"];

/** Of fixed options, those that a tsconfig.json may set on top. */
const projects: readonly ts.CompilerOptions[] = [
  {}, { experimentalDecorators: true, emitDecoratorMetadata: true }, { useDefineForClassFields: false }, { jsx: ts.JsxEmit.ReactJSX }, { jsx: ts.JsxEmit.ReactJSX, jsxImportSource: "preact" }, { jsxFactory: "h", jsxFragmentFactory: "F" },
];
const optionsOf = (own: ts.CompilerOptions): ts.CompilerOptions => ({
  jsx: ts.JsxEmit.React, ...own, target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, moduleDetection: ts.ModuleDetectionKind.Force,
  verbatimModuleSyntax: false, esModuleInterop: true, isolatedModules: true, sourceMap: true, removeComments: false,
});
const rewriting = (): ts.CustomTransformers => ({
  before: [moduleToCell(ts, { cell: 1, carriesContext: true, constants: new Set(["a"]), live: new Set(), report: () => undefined })],
  after: [relaxBindings(ts), jsxImports(ts, 1)],
});

const plain = ({ outputText, sourceMapText, diagnostics = [] }: ts.TranspileOutput) =>
  ({ outputText, sourceMapText, diagnostics: diagnostics.map(({ code, start, length, messageText }) => ({ code, start, length, text: ts.flattenDiagnosticMessageText(messageText, "\n") })) });

describe.each([
  { transformers: () => ({}), what: "TypeScript alone", some: projects.slice(0, 2) },
  { transformers: rewriting, what: "what cells go through", some: projects },
])("emitted by $what", ({ transformers, some }) => {
  it.each(some)("is what transpileModule emits, with %j, for one text after another", (own) => {
    const emitter = new Emitter(ts);
    const compilerOptions = optionsOf(own);
    for (const [fileName, texts] of [["cell.ts", cells], ["cell.tsx", [...elements, ...cells]]] as const) {
      for (const text of texts) {
        const expected = attempt(() => ts.transpileModule(text, { fileName, compilerOptions, transformers: transformers(), reportDiagnostics: true }));
        expect([text, attempt(() => emitter.transpile(text, { fileName, compilerOptions, transformers: transformers() }))]).toEqual([text, expected]);
      }
    }
  });
});

/** Where TypeScript itself stumbles over a faulty text, both must. */
function attempt(transpile: () => ts.TranspileOutput): unknown {
  try {
    return plain(transpile());
  } catch (error) {
    return String(error);
  }
}

it("goes on with another program before one remembers too much", () => {
  const emitter = new Emitter(ts);
  const request = { fileName: "cell.ts", compilerOptions: optionsOf({}), transformers: {} };
  for (let i = 0; i < 301; i++) expect(emitter.transpile(`const n: number = ${i};`, request).outputText).toContain(`const n = ${i};\n`);
});
