// Small cells and sequences of modern TypeScript: correct ones must give no diagnostic, wrong ones theirs.
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { LanguageCore } from "../../../../kernel/language/service/core.ts";
import { Documents } from "../../../../kernel/language/service/documents.ts";

const folder = realpathSync(mkdtempSync(join(tmpdir(), "potstill-corpus-")));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
writeFileSync(join(folder, "shapes.ts"), "export interface Shape { sides: number }\nexport const square: Shape = { sides: 4 };\nconst broken: number = 'text';\nexport default class Canvas { draw(shape: Shape): string { return String(shape.sides + broken) } }\n");
writeFileSync(join(folder, "data.json"), '{ "rows": [1, 2], "name": "n" }');
writeFileSync(join(folder, "old.cjs"), "exports.twice = (n) => 2 * n;\n");
const documents = new Documents();

/** What is said of each cell of a sequence: `TS2322`, or nothing. */
function check(cells: readonly string[]): string[][] {
  const core = new LanguageCore(folder, documents);
  const said = cells.map((code, i) => {
    const found = core.check({ code });
    core.commit({ code, name: `In [${i + 1}]` });
    return found.map((each) => `TS${each.code}`);
  });
  core.dispose();
  return said;
}

const correct: Record<string, readonly string[]> = {
  "top-level await": ["const r = await Promise.resolve(3); r.toFixed()", "(await Promise.all([r, 'a'] as const))[1].length"],
  "for await": ["async function* count() { yield 1; yield 2 }", "let sum = 0; for await (const n of count()) sum += n; sum"],
  "using": ["const handle = { [Symbol.dispose]() {} };\n{ using h = handle; }", "{ await using a = { async [Symbol.asyncDispose]() {} }; }"],
  "standard decorators": ["function log<T, A extends unknown[], R>(f: (this: T, ...a: A) => R, c: ClassMethodDecoratorContext) { return function (this: T, ...a: A): R { return f.apply(this, a) } }\nclass K { @log m(x: number) { return x } }\nnew K().m(1)"],
  "accessors": ["class A { accessor x = 1; static accessor y = 'a' }\nnew A().x + A.y.length"],
  "enums over cells": ["enum Level { Low, High = 'high'.length }\nconst enum Fast { A = 1 }", "Level.Low; Level[0]; Fast.A", "enum Level { Only }", "Level.Only"],
  "namespaces": ["namespace N { export const x = 1; export type T = string }", "const t: N.T = 'a'; N.x + t.length"],
  "type-only imports": ["import type { Server } from 'node:http';\nimport { type Stats, statSync } from 'node:fs';", "let s: Server | undefined; const st: Stats = statSync('.'); st.size"],
  "namespace imports": ["import * as path from 'node:path';", "path.join('a', 'b').length"],
  "default and named imports": ["import Canvas, { square, type Shape } from './shapes.ts';", "const c = new Canvas(); const sh: Shape = square; c.draw(sh)"],
  "an imported file's own errors": ["import { square } from './shapes.js';\nsquare.sides"],
  "JSON": ["import data from './data.json' with { type: 'json' };", "data.rows.map((n) => n + 1); data.name.length"],
  "CommonJS": ["import { twice } from './old.cjs';\ntwice(2)", "const { twice: again } = require('./old.cjs'); again(3)"],
  "dynamic import": ["const { readFile } = await import('node:fs/promises');", "(await readFile('x', 'utf8').catch(() => '')).length"],
  "import.meta": ["import.meta.url.length + import.meta.dirname.length + import.meta.filename.length"],
  "require and __dirname": ["require('node:os').cpus(); __dirname.length + __filename.length"],
  "satisfies": ["const palette = { red: [1, 2, 3], blue: '#00f' } satisfies Record<string, string | number[]>;", "palette.red.map((n) => n); palette.blue.toUpperCase()"],
  "const type parameters": ["const pair = <const T extends readonly unknown[]>(x: T): T => x;", "const p: readonly [1, 'a'] = pair([1, 'a'])"],
  "template literal types": ["type Route = `/${string}/${number}`; const r: Route = '/a/1';", "const again: Route = `/b/${2}`"],
  "conditional and mapped types": ["type Nullable<T> = { [K in keyof T]: T[K] | null };\ntype El<T> = T extends (infer U)[] ? U : never;", "const n: Nullable<{ a: number }> = { a: null }; const e: El<string[]> = 'x'"],
  "key remapping": ["type Getters<T> = { [K in keyof T & string as `get${Capitalize<K>}`]: () => T[K] };", "declare const g: Getters<{ name: string }>; () => g.getName().length"],
  "discriminated unions": ["type S = { kind: 'a'; n: number } | { kind: 'b'; s: string };\nfunction size(s: S): number { switch (s.kind) { case 'a': return s.n; case 'b': return s.s.length } }", "size({ kind: 'b', s: 'x' })"],
  "assertion functions": ["function assert(x: unknown): asserts x { if (!x) throw new Error() }", "const v = [1, undefined][0]; assert(v); v.toFixed()"],
  "type predicates, also inferred": ["const numbers = [1, undefined, 2].filter((x) => x !== undefined);", "numbers[0].toFixed()"],
  "overloads": ["function f(x: string): string;\nfunction f(x: number): number;\nfunction f(x: unknown) { return x as never }", "f(1).toFixed() + f('a').length"],
  "generators": ["function* g(): Generator<number, string, boolean | undefined> { const b = yield 1; return String(b) }", "[...g()].map((n) => n * 2); g().next(true)"],
  "iterator helpers": ["new Set([1, 2]).values().map((n) => n * 2).filter(Boolean).toArray()"],
  "new array methods": ["[3, 1].toSorted().with(0, 5).at(-1); [1, 2].findLast((n) => n > 1); Object.groupBy([1, 2], (n) => n % 2 ? 'odd' : 'even').odd?.length"],
  "set methods": ["new Set([1]).union(new Set([2])).isSubsetOf(new Set([1, 2]))"],
  "bigint and numeric separators": ["const big = 10n ** 20n; big + 1_000n", "typeof big === 'bigint'"],
  "optional chaining and assignment": ["const o: { a?: { b?: number } } = {};", "o.a ??= {}; o.a.b ||= 3; o?.a?.b?.toFixed()"],
  "private members": ["class Q { #n = 1; static #made = 0; static { Q.#made++ } has(o: object) { return #n in o } get n() { return this.#n } }", "new Q().has(new Q()); new Q().n"],
  "abstract classes and mixins": ["abstract class B { abstract go(): number }\ntype C<T = object> = new (...a: any[]) => T;\nconst Named = <T extends C>(Base: T) => class extends Base { name = 'n' };", "class D extends Named(Object) {}\nnew D().name.length"],
  "parameter properties": ["class P { constructor(private readonly q: number, public r = 2) {} get t() { return this.q + this.r } }", "new P(1).t"],
  "redeclaration with another type": ["const x = 1", "const x = 'a'", "let x = [true]", "x.push(false)"],
  "function redeclared": ["function fn(a: number) { return a }", "function fn(a: string) { return a }", "fn('a').length"],
  "class redeclared while its type is used": ["class M { v = 1 }\nconst m = new M();", "class M { w = 2 }", "new M().w + m.v"],
  "let assigned in later cells": ["let total = 0;", "total += 5;", "for (const n of [1]) total += n; total.toFixed()"],
  "let narrowed by a later assignment in the same cell": ["let model: { fit(): number } | undefined;", "model = { fit: () => 1 }; model.fit()"],
  "a list that grows": ["const rows = [];", "rows.push(1); rows.push('a');", "rows.length"],
  "undefined let": ["let later;", "later = 5;", "later + 1"],
  "implicit globals of the cell API": ["display(html`<b>${1}</b>`).update(md`x`);", "const h = display(1, { id: 'a' }); h.id.length; for (const i of progress(2)) i.toFixed()"],
  "comments that silence": ["// @ts-expect-error wrong on purpose\nconst wrong: number = 'a';", "// @ts-ignore\nnowhere();", "wrong"],
  "@ts-nocheck": ["// @ts-nocheck\nconst n: number = 'a'; nowhere();"],
  "global augmentation": ["declare global { interface Array<T> { second(): T | undefined } var counter: number }\nArray.prototype.second = function () { return this[1] };\nglobalThis.counter = 1;", "[1, 2].second()?.toFixed(); counter + 1"],
  "module augmentation": ["import type { Shape } from './shapes.ts';\ndeclare module './shapes.ts' { interface Shape { colour?: string } }", "const coloured: Shape = { sides: 3, colour: 'red' }; coloured.colour?.length"],
  "expressions without effect": ["1; 'a'; [1][0]; ({ a: 1 }).a", "1 + 1", "() => 3"],
  "unused names": ["const unused = 1; function never(a: number) { return 1 }\nimport { join } from 'node:path';"],
  "labels and unreachable code": ["outer: for (const a of [1]) { continue outer; }\nfunction early() { return 1; console.log(2) }"],
  "deprecated members": ["'abc'.substr(1); escape('a'); new Buffer(3)"],
  "exports in a cell": ["export const e = 1; export function ef() { return e } export type ET = number; export default 5;", "const t: ET = ef() + e"],
  "destructuring": ["const { a, b: { c = 2, ...rest }, ...others } = { a: 1, b: { d: 4 } as { c?: number; d: number }, e: 5 };", "a + c + rest.d + others.e", "let [p, , q = 3, ...r] = [1, 2]; [p, q] = [q, p]; r.length"],
  "comparison with a constant of an earlier cell": ["const mode = 'fast';", "mode === 'slow' ? 1 : 2", "switch (mode) { case 'slow': break }"],
  "recursion and hoisting": ["const fact = (n: number): number => n < 2 ? 1 : n * fact(n - 1);\nearly();\nfunction early() { return fact(3) }", "fact(5)"],
  "errors and causes": ["try { throw new Error('a', { cause: 1 }) } catch (e) { if (e instanceof Error) e.cause; else throw e }", "Promise.withResolvers<number>().promise.catch((e: unknown) => e); new AggregateError([1]).errors"],
  "tagged templates": ["const tag = (s: TemplateStringsArray, ...v: number[]) => s.raw.join() + v.length;", "tag`a${1}b`"],
  "symbols and well-known methods": ["class It { *[Symbol.iterator]() { yield 1 } get [Symbol.toStringTag]() { return 'It' } }", "[...new It()].length"],
  "type and value of one name": ["type Both = { n: number }; const Both = (n: number): Both => ({ n });", "const both: Both = Both(1); both.n", "const Both = 5;", "const still: Both = { n: Both }"],
  "interfaces that merge": ["interface I { a: number }\ninterface I { b: string }", "const i: I = { a: 1, b: 'x' }"],
  "unique symbols and const objects": ["const key = Symbol('k'); const Dir = { Up: 'up', Down: 'down' } as const; type Dir = (typeof Dir)[keyof typeof Dir];", "const d: Dir = Dir.Up; ({ [key]: 1 })[key].toFixed(); d.length"],
  "Node's globals": ["process.env.HOME?.length; Buffer.from('a').toString('hex'); setTimeout(() => {}, 1).unref(); structuredClone({ a: 1 }).a; new URL('http://x').host; performance.now()", "new AbortController().signal.aborted; fetch; new TextEncoder().encode('a').byteLength; queueMicrotask(() => {}); crypto.randomUUID().length"],
  "magics": ["%%time\n%typecheck warn\nconst afterMagic = 1", "afterMagic.toFixed()"],
  "shadowing a global": ["const name = 'a', length = 3, status = 1, event = { x: 1 }, parent = null, top = 2;", "name.length + length + status + event.x + top"],
  "async generators and closures over cells": ["let stop = false; async function* ticks() { while (!stop) { yield 1; stop = true } }", "const seen: number[] = []; for await (const t of ticks()) seen.push(t); seen.length", "stop"],
  "variance annotations, NoInfer, awaited": ["interface Box<in out T> { v: T }\nconst pick = <T extends string>(all: T[], d: NoInfer<T>): T => d;\ntype R = Awaited<Promise<Promise<number>>>;", "pick(['a', 'b'], 'a'); const r: R = 1; const b: Box<number> = { v: r }"],
};

const wrong: Record<string, readonly [cells: readonly string[], codes: readonly string[]]> = {
  "assignment": [["const n: number = 'a'"], ["TS2322"]],
  "argument": [["Math.max('1')"], ["TS2345"]],
  "argument over cells": [["function f(x: number) { return x }", "f('a')"], ["TS2345"]],
  "too few arguments": [["const f = (a: number, b: number) => a + b; f(1)"], ["TS2554"]],
  "unknown name": [["nowhere"], ["TS2304"]],
  "misspelt name": [["const counter = 1", "countr"], ["TS2552"]],
  "unknown property": [["({ a: 1 }).b"], ["TS2339"]],
  "misspelt property": [["'a'.lenght"], ["TS2551"]],
  "excess property": [["const o: { a: number } = { a: 1, b: 2 }"], ["TS2353"]],
  "missing property": [["const o: { a: number; b: number } = { a: 1 }"], ["TS2741"]],
  "possibly undefined": [["const x = [1].find(Boolean); x.toFixed()"], ["TS18048"]],
  "possibly null": [["const m = 'a'.match(/a/); m[0]"], ["TS18047"]],
  "unknown": [["const u: unknown = 1; u.x"], ["TS18046"]],
  "caught unknown": [["try {} catch (e) { e.message }"], ["TS18046"]],
  "implicit any parameter": [["function f(x) { return x }"], ["TS7006"]],
  "not callable": [["const n = 1; n()"], ["TS2349"]],
  "constant assigned": [["const c = 1; c = 2"], ["TS2588"]],
  "constant of an earlier cell assigned": [["const c = 1", "c = 2"], ["TS2632"]],
  "let keeps its type": [["let n = 1", "n = 'a'"], ["TS2322"]],
  "declared twice in a cell": [["let a = 1; let a = 2"], ["TS2451", "TS2451"]],
  "used before its declaration": [["b; const b = 1"], ["TS2448", "TS2454"]],
  "no such module": [["import { x } from './nowhere.ts'"], ["TS2307"]],
  "no such export": [["import { circle } from './shapes.ts'"], ["TS2614"]],
  "no such export of Node's": [["import { readFyle } from 'node:fs'"], ["TS2724"]],
  "wrong JSON field": [["import data from './data.json' with { type: 'json' }; data.row"], ["TS2551"]],
  "type as value": [["interface I { a: 1 }", "I"], ["TS2693"]],
  "value as type": [["const v = 1", "let x: v"], ["TS2749"]],
  "abstract class made": [["abstract class A {}", "new A()"], ["TS2511"]],
  "private member": [["class A { private x = 1 }", "new A().x"], ["TS2341"]],
  "readonly member": [["const o: { readonly a: number } = { a: 1 }", "o.a = 2"], ["TS2540"]],
  "not implemented": [["interface I { m(): void }\nclass C implements I {}"], ["TS2420"]],
  "override with another type": [["class A { m(): number { return 1 } }\nclass B extends A { m(): string { return '' } }"], ["TS2416"]],
  "no overlap": [["const n = 1 as number; n === 'a'"], ["TS2367"]],
  "missing await": [["async function f() { return 1 }", "f().toFixed()"], ["TS2339"]],
  "not iterable": [["for (const x of 5) {}"], ["TS2488"]],
  "wrong generic": [["const m: Map<string, number> = new Map([[1, 2]])"], ["TS2322"]],
  "constraint": [["const f = <T extends string>(x: T) => x", "f(1)"], ["TS2345"]],
  "arithmetic": [["'a' * 2"], ["TS2362"]],
  "not all paths": [["function f(x: boolean): number { if (x) return 1 }"], ["TS2366"]],
  "useless expect-error": [["// @ts-expect-error\nconst n = 1"], ["TS2578"]],
  "wrong overload": [["Object.defineProperty(1)"], ["TS2554"]],
  "cell API": [["display(1, { ident: 'x' })"], ["TS2353"]],
  "satisfies": [["({ a: 1 }) satisfies { a: string }"], ["TS2322"]],
  "redefined name keeps its new type": [["const x = 1", "const x = 'a'", "x.toFixed()"], ["TS2551"]],
  "several errors": [["const a: number = 'x';\nconst b: string = 1;\nnowhere()"], ["TS2322", "TS2322", "TS2304"]],
  "syntax": [["const n = ;"], ["TS1109"]],
  "unfinished": [["function f( {"], ["TS1005"]],
};

describe("correct cells", () => {
  it("are at least sixty sequences", () => { expect(Object.keys(correct).length).toBeGreaterThanOrEqual(60); });
  it.each(Object.entries(correct))("%s", (_, cells) => { expect(check(cells)).toEqual(cells.map(() => [])); });
});

describe("wrong cells", () => {
  it("are at least forty", () => { expect(Object.keys(wrong).length).toBeGreaterThanOrEqual(40); });
  it.each(Object.entries(wrong))("%s", (_, [cells, codes]) => {
    const said = check(cells);
    expect(said.slice(0, -1).flat()).toEqual([]);
    expect(said.at(-1)).toEqual(codes);
  });
});
