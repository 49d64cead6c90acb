import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { KernelDriver, text } from "./kernel-driver.ts";

/** Cells run one after another, with the text/plain of each one's result; undefined: none. */
type Story = readonly (readonly [code: string, result: string | undefined])[];

const stories: Readonly<Record<string, Story>> = {
  "keeps closures and later cells on one binding (tslab answers [ 5, 1 ])": [
    ["let shared = 1; function getShared() { return shared }", undefined],
    ["shared = 5; [shared, getShared()]", "[ 5, 5 ]"],
    ["let shared = 7; [shared, getShared()]", "[ 7, 7 ]"],
  ],
  "lets every kind of declaration replace every other (ijavascript refuses const, Deno refuses none)": [
    ["const kind = 1; kind", "1"],
    ["let kind = 2; kind", "2"],
    ["function kind() { return 3 } kind()", "3"],
    ["class kind { static four = 4 } kind.four", "4"],
    ["var kind = 5; kind", "5"],
    ["enum kind { Six = 6 } kind.Six", "6"],
    ["namespace kind { export const seven = 7 } kind.seven", "7"],
    ["const kind = 8; kind", "8"],
  ],
  "starts a notebook without arguments, as its own main module (ipykernel's argparse meets the kernel's `-f connection.json`)": [
    ["import { parseArgs } from 'node:util'; [parseArgs().values, process.argv.length, process.argv[1] === import.meta.filename]", "[ [Object: null prototype] {}, 2, true ]"],
  ],
  "tells functions as text that runs where no kernel is (a browser's page, a worker, another process)": [
    ["async function twice(n: number): Promise<number> { for await (const m of [n]) { try { await null } catch {} const k: number = await Promise.resolve(m); return (await (async (x: number) => (await x) * 2)(k)) } return 0 } const short = async (n: number) => await twice(n)", undefined],
    ["const { runInNewContext } = await import('node:vm'); await runInNewContext(`${String(twice)}; (${short})(21)`)", "42"],
    ["function* plain(a: number) { yield a } String(plain)", "'function* plain(a) { yield a; }'"],
    ["[String(twice), `${short}`, String(String), String(Function.prototype.toString)].join().includes('__potstill')", "false"],
    ["String({ delete: function (x: number) { return x } }.delete)", "'function (x) { return x; }'"],
    ["function btoa(n: number): number { return n > 0 ? btoa(n - 1) : 7 } await runInNewContext(`${String(btoa)}; btoa(2)`)", "7"],
    ["String(new Proxy(() => 1, { getOwnPropertyDescriptor() { throw new Error('looked at') } }))", "'function () { [native code] }'"],
    ["import { Worker } from 'node:worker_threads'; import { once } from 'node:events'", undefined],
    ["const worker = new Worker(`(${async () => { const { parentPort } = await import('node:worker_threads'); setTimeout(() => parentPort!.postMessage('here'), 1) }})()`, { eval: true }); (await once(worker, 'message'))[0]", "'here'"],
  ],
  "runs immediates in their order, and none that was cleared, also when the one that clears it throws": [
    ["const order: string[] = []; setImmediate(() => { order.push('a'); process.nextTick(() => order.push('tick')) }); setImmediate(() => order.push('b')); await new Promise((done) => setImmediate(done)); order", "[ 'a', 'tick', 'b' ]"],
    ["let cleared: NodeJS.Immediate; setImmediate(() => { clearImmediate(cleared); order.push('c') }); cleared = setImmediate(() => order.push('never')); await new Promise((done) => setImmediate(done)); order.at(-1)", "'c'"],
    ["process.once('uncaughtException', () => order.push('thrown')); setImmediate(() => { clearImmediate(cleared); throw new Error('mine') }); cleared = setImmediate(() => order.push('never')); await new Promise((done) => setTimeout(done, 30)); order.includes('never')", "false"],
    ["await new Promise((done) => setImmediate(done)); 'runs'", "'runs'"],
  ],
  "calls a redefined function from functions that were defined before": [
    ["function part() { return 'old' } const whole = () => part(); whole()", "'old'"],
    ["function part() { return 'new' } whole()", "'new'"],
  ],
  "waits in `for await` at the top level and in functions (tslab does not compile it)": [
    ["const seen: number[] = []; for await (const n of [1, Promise.resolve(2)]) seen.push(n); seen", "[ 1, 2 ]"],
    ["async function* count() { yield 1; yield 2; yield 3 }\nlet sum = 0; outer: for await (const n of count()) { if (n === 2) continue outer; sum += n }\nsum", "4"],
  ],
  "keeps generators alive across cells": [
    ["function* naturals() { let n = 0; while (true) yield n++ } const numbers = naturals(); numbers.next().value", "0"],
    ["numbers.next(); numbers.next().value", "2"],
  ],
  "leaves instances of a redefined class with the class that made them": [
    ["class Shape { area() { return 1 } } const shape = new Shape(); const before: new () => object = Shape;", undefined],
    ["class Shape { area() { return 2 } } [shape.area(), new Shape().area(), (shape as object) instanceof Shape, shape instanceof before]", "[ 1, 2, false, true ]"],
  ],
  "hoists functions and var, and nothing else": [
    ["const early = hoisted(); function hoisted() { return 1 } early", "1"],
    ["for (var turn = 0; turn < 3; turn++) {} { var inside = 2 } [turn, inside]", "[ 3, 2 ]"],
    ["[turn, inside]", "[ 3, 2 ]"],
    ["let tdz = 'no'; try { eval('late; let late = 1') } catch (error) { tdz = (error as Error).name } tdz", "'ReferenceError'"],
  ],
  "takes apart values with defaults, holes, rest and computed names": [
    ["const { a: first, ['b']: { c = 4 } = {}, ...others } = { a: 1, e: 5, f: 6 } as { a: number; b?: { c?: number }; e: number; f: number }; [first, c, others]", "[ 1, 4, { e: 5, f: 6 } ]"],
    ["let [one, , three = 3, ...more] = [1, 2, undefined, 4, 5]; [one, three, more]", "[ 1, 3, [ 4, 5 ] ]"],
    ["var { x: vx, y: [vy] } = { x: 1, y: [2] }; [vx, vy]", "[ 1, 2 ]"],
    ["[one, three] = [10, 30]; [one, three]", "[ 10, 30 ]"],
  ],
  "knows enums, constant ones too, in later cells": [
    ["enum Color { Red, Green = 'g', Blue = 5 } [Color.Red, Color.Green, Color[5]]", "[ 0, 'g', 'Blue' ]"],
    ["const enum Size { S = 3, M } Size.M", "4"],
    ["[Color.Blue, Size.S]", "[ 5, 3 ]"],
  ],
  "merges namespaces, enums and interfaces of one cell": [
    ["namespace N { export const a = 1 } namespace N { export const b = 2; export const sum = () => a + b } N.sum()", "3"],
    ["enum E { A } enum E { B = 1 } [E.A, E.B]", "[ 0, 1 ]"],
    ["function tagged() { return tagged.tag } namespace tagged { export const tag = 'x' } tagged()", "'x'"],
  ],
  "takes labels, BigInt, symbols, unicode names, numeric separators and a hashbang": [
    ["#!/usr/bin/env node\nlet n = 0; rows: for (const a of [1, 2]) { for (;;) { n++; continue rows } } n", "2"],
    ["123456789012345678901234567890n * 10n", "1234567890123456789012345678900n"],
    ["Symbol('s')", "Symbol(s)"],
    ["const größe = 1, 变量 = 2, \\u{61}b = 3; [größe, 变量, ab]", "[ 1, 2, 3 ]"],
    ["1_000_000", "1000000"],
    ["debugger; 4", "4"],
  ],
  "reads carriage returns, comments and empty cells": [
    ["const cr = 1;\r\nconst lf = 2;\r\n[cr, lf]\r\n", "[ 1, 2 ]"],
    ["// only a comment", undefined],
    ["/* another */\n", undefined],
    ["", undefined],
    ["   \n\t", undefined],
    ["5 // with a comment", "5"],
    ["5; // and a semicolon\n", "5"],
  ],
  "sees its names from eval, new Function's own world and getters on globalThis": [
    ["let outside = 2; eval('outside + 1')", "3"],
    ["new Function('a', 'return a + 1')(2)", "3"],
    ["Object.defineProperty(globalThis, 'answer', { get: () => 42, configurable: true }); (globalThis as any).answer", "42"],
    ["const answer = 43; answer", "43"],
  ],
  "lets a cell give the cell API's and console's names another meaning": [
    ["const display = (text: string) => 'mine: ' + text; display('x')", "'mine: x'"],
    ["function f() { const console = { log: (text: string) => text }; return console.log('quiet') } f()", "'quiet'"],
  ],
  "knows import.meta and import type": [
    ["import type { Stats } from 'node:fs'; let stats: Stats | undefined; [import.meta.url.startsWith('file:///'), import.meta.filename.endsWith('notebook.ts'), import.meta.dirname === process.cwd()]", "[ true, true, true ]"],
    ["[import.meta.resolve('node:fs'), import.meta.resolve('./x.ts') === new URL('x.ts', import.meta.url).href]", "[ 'node:fs', true ]"],
  ],
  "imports JSON with and without attributes, CommonJS by name, and files": [
    ["import data from './data.json'; data.list[1]", "2"],
    ["import attributed from './data.json' with { type: 'json' }; attributed === data", undefined],
    ["import { readFileSync as readIt, existsSync } from 'node:fs'; [typeof readIt, existsSync('data.json')]", "[ 'function', true ]"],
    ["import { twice } from './common.cjs'; twice(4)", "8"],
    ["const { both } = await import('./circle-a.ts'); both()", "'ab'"],
  ],
  "follows a module's variable, also in functions and later cells": [
    ["import { counted, add } from './counter.ts'; add(); counted", "1"],
    ["add(); const readCount = () => counted; [counted, readCount()]", "[ 2, 2 ]"],
    ["((counted: number) => counted)(9)", "9"],
    ["import { again } from './again.ts'; add(); [again, readCount()]", "[ 3, 3 ]"],
  ],
  "evaluates a cell of 3,000 lines": [
    [`${Array.from({ length: 3000 }, (_, k) => `const long${k} = ${k === 0 ? "0" : `long${k - 1} + 1`};`).join("\n")}\nlong2999`, "2999"],
  ],
};

describe.each(["off", "error"])("cells with type checking %s", (mode) => {
  let kernel: KernelDriver;
  beforeAll(async () => {
    kernel = await KernelDriver.start({ env: { POTSTILL_TYPECHECK: mode } });
    const files = {
      "data.json": `{ "list": [1, 2] }`,
      "common.cjs": "const all = {}; all['twi' + 'ce'] = (x) => 2 * x; module.exports = all;",
      "common.d.cts": "export function twice(x: number): number;",
      "circle-a.ts": `import { b } from "./circle-b.ts"; export const a = "a"; export const both = () => a + b();`,
      "circle-b.ts": `import { a } from "./circle-a.ts"; export const b = () => (a === "a" ? "b" : "too early");`,
      "counter.ts": "export let counted = 0; export function add() { counted++ }",
      "again.ts": `export { counted as again } from "./counter.ts";`,
    };
    for (const [name, content] of Object.entries(files)) writeFileSync(join(kernel.folder, name), content);
  });
  afterAll(() => kernel.stop());

  it.each(Object.entries(stories))("%s", async (_, story) => {
    for (const [code, result] of story) {
      const { reply, messages } = await kernel.run(code);
      expect(reply, `${code.slice(0, 300)}\n${(reply.traceback ?? []).join("\n")}`).toMatchObject({ status: "ok" });
      if (result !== undefined || !code.includes("attributed")) expect(messages.find(({ type }) => type === "execute_result")?.content.data["text/plain"], code).toBe(result);
    }
  });

  it("disposes what `using` holds when its block, function or cell ends (tslab does not compile it)", async () => {
    const resource = "const open = (name: string) => ({ name, [Symbol.dispose]() { console.log('close ' + name) }, async [Symbol.asyncDispose]() { await null; console.log('close later ' + name) } });";
    await kernel.run(resource);
    const { messages } = await kernel.run("using cell = open('cell'); await using late = open('late'); { using block = open('block'); console.log('in ' + block.name) }\n(() => { using inner = open('function'); })(); console.log('end')");
    expect(text(messages)).toBe("in block\nclose block\nclose function\nend\nclose later late\nclose cell\n");
    expect(await kernel.value("[cell.name, late.name]")).toBe("[ 'cell', 'late' ]");
  });

  it("applies standard decorators", async () => {
    const { messages } = await kernel.run(`
      function logged<T extends (this: any, ...args: any[]) => unknown>(method: T, { name }: ClassMethodDecoratorContext) { return function (this: any, ...args: any[]) { console.log('call', name); return method.apply(this, args) } as T }
      const named = (_: Function, context: ClassDecoratorContext) => { console.log(context.kind, context.name) };
      @named class Machine { @logged run() { return 1 } }
      new Machine().run()`);
    expect(text(messages)).toBe("class Machine\ncall run\n");
  });

  it("shows no name of the kernel's own among the globals", async () => {
    expect(await kernel.value("[...Object.getOwnPropertyNames(globalThis), ...Object.keys(globalThis)].filter((name) => /potstill|^__(?:esDecorate|addDisposable)/i.test(name))")).toBe("[]");
    const { matches } = await kernel.request("complete_request", { code: "__pot", cursor_pos: 5 });
    expect(matches).toEqual([]);
  });
});

describe("constants, with type checking off", () => {
  let kernel: KernelDriver;
  beforeAll(async () => {
    kernel = await KernelDriver.start();
    await kernel.run("const fixed = 1; const { inner: [deep] } = { inner: [2] }; const big = 5n; import * as path from 'node:path'; import { join } from 'node:path'; using held = { [Symbol.dispose]() {} };");
  });
  afterAll(() => kernel.stop());

  it.each([
    "const own = 1; own = 2", "fixed = 2", "(fixed as any) = 2", "fixed += 1", "fixed++", "--fixed", "big++", "[fixed] = [2]", "({ fixed } = { fixed: 2 })", "({ a: fixed = 3 } = {} as any)",
    "[, ...deep] = [1, 2]", "for (fixed of [2]) {}", "for (fixed in { a: 1 }) {}", "fixed &&= 2", "path = 3", "join = 3", "held = 3", "(() => { fixed = 2 })()", "await (async () => { await null; fixed = 2 })()",
    "class Writer { write() { fixed = 2 } } new Writer().write()",
  ])("throws at `%s` and keeps the value (a kernel that makes every name a `let` changes it)", async (code) => {
    expect((await kernel.run(code)).reply).toMatchObject({ ename: "TypeError", evalue: "Assignment to constant variable." });
    expect(await kernel.value("[fixed, deep, big, typeof join, typeof path]")).toBe("[ 1, 2, 5n, 'function', 'object' ]");
  });

  it.each([
    ["((fixed) => { fixed = 9; return fixed })(1)", "9"],
    ["{ let fixed = 1; fixed = 8; fixed }", undefined],
    ["(function fixed2() { let fixed = 1; { fixed = 7 } return fixed })()", "7"],
    ["for (let fixed = 0; fixed < 2; fixed++) {} 'done'", "'done'"],
    ["try { throw 1 } catch (fixed) { fixed = 6 } 'done'", "'done'"],
    ["const holder = { fixed: 1 }; holder.fixed = 5; holder.fixed", "5"],
    ["fixed ||= 3; fixed ??= 3; fixed", "1"],
    ["namespace Own { export let fixed = 1; fixed = 4 } (globalThis as any).Own ?? 'done'", "'done'"],
  ])("does not mind `%s`, which means another", async (code, result) => {
    expect(await kernel.value(code)).toBe(result);
  });

  it("lets go of a constant that a later cell declares as a variable, also in functions made before", async () => {
    await kernel.run("const loose = 1; const setLoose = (value: number) => { loose = value }");
    expect((await kernel.run("setLoose(2)")).reply).toMatchObject({ ename: "TypeError" });
    expect(await kernel.value("let loose = 3; setLoose(4); loose++; loose")).toBe("5");
    expect(await kernel.value("const loose = 6; loose")).toBe("6");
    expect((await kernel.run("loose = 7")).reply).toMatchObject({ ename: "TypeError" });
  });
});

describe("imports that do not exist", () => {
  let kernel: KernelDriver;
  beforeAll(async () => {
    kernel = await KernelDriver.start();
    writeFileSync(join(kernel.folder, "types.ts"), "export interface Shape { a: 1 } export const value = 1;");
  });
  afterAll(() => kernel.stop());

  it("are errors when they are used as values, not undefined", async () => {
    expect((await kernel.run("import { vlaue } from './types.ts'; vlaue")).reply).toMatchObject({ ename: "SyntaxError", evalue: "The requested module './types.ts' does not provide an export named 'vlaue'" });
    expect((await kernel.run("import whole from './types.ts'; whole")).reply).toMatchObject({ ename: "SyntaxError" });
  });

  it("may be types, without the word type", async () => {
    expect(await kernel.value("import { Shape, value } from './types.ts'; const shape: Shape = { a: 1 }; class Own implements Shape { a = 1 as const } [shape.a, value, new Own().a]")).toBe("[ 1, 1, 1 ]");
  });
});
