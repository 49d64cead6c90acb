import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { LanguageCore } from "../../../../kernel/language/service/core.ts";
import { Documents } from "../../../../kernel/language/service/documents.ts";

let folder: string;
const documents = new Documents(); // shared, so that only the first notebook reads the libraries
const cores: LanguageCore[] = [];

/** A fresh notebook in which the given cells have run; each of them must be free of errors. */
function notebook(...cells: string[]): LanguageCore {
  const core = new LanguageCore(folder, documents);
  cores.push(core);
  for (const code of cells) {
    expect(core.check({ code, name: "earlier" }), code).toEqual([]);
    core.commit({ code, name: "earlier" });
  }
  return core;
}
const check = (core: LanguageCore, code: string) => core.check({ code, name: "cell" });
const codes = (core: LanguageCore, code: string): number[] => check(core, code).map((found) => found.code);

/** Documents of their own, and the texts of the files parsed since the last question. */
function countingDocuments(): { counted: Documents; fresh: () => string[] } {
  const counted = new Documents();
  const known = new Set<object>();
  let texts: string[] = [];
  const acquire = counted.acquireDocumentWithKey;
  counted.acquireDocumentWithKey = counted.updateDocumentWithKey = (...request) => {
    const file = acquire(...request);
    if (!known.has(file)) texts.push(file.text);
    known.add(file);
    return file;
  };
  const fresh = (): string[] => {
    const seen = texts;
    texts = [];
    return seen;
  };
  return { counted, fresh };
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "potstill-language-"));
  writeFileSync(join(folder, "local.ts"), `export const answer = 42;\nexport type Shape = { side: number };\nexport default function twice(n: number): number { return 2 * n; }\n`);
  writeFileSync(join(folder, "plain.js"), `export const listed = [1, 2, 3];\n`);
  writeFileSync(join(folder, "data.json"), `{ "title": "hello", "sizes": [1, 2] }\n`);
  mkdirSync(join(folder, "node_modules", "typed"), { recursive: true });
  writeFileSync(join(folder, "node_modules", "typed", "package.json"), `{ "name": "typed", "version": "1.0.0", "types": "index.d.ts", "main": "index.js" }`);
  writeFileSync(join(folder, "node_modules", "typed", "index.d.ts"), `export declare function typed(text: string): Date;\n`);
  mkdirSync(join(folder, "node_modules", "untyped"), { recursive: true });
  writeFileSync(join(folder, "node_modules", "untyped", "package.json"), `{ "name": "untyped", "version": "1.0.0", "main": "index.js" }`);
  writeFileSync(join(folder, "node_modules", "untyped", "index.js"), `module.exports = { anything: 1 };\n`);
});
afterAll(() => {
  for (const core of cores) core.dispose();
  rmSync(folder, { recursive: true, force: true });
});

describe("one cell", () => {
  let empty: LanguageCore;
  beforeAll(() => { empty = notebook(); });

  it("reports where a type error stands, in the cell's own lines", () => {
    const found = check(empty, `const a = 1;\n\nconst text: string = a;`);
    expect(found).toEqual([{ code: 2322, message: "Type 'number' is not assignable to type 'string'.", line: 3, column: 7, endColumn: 11, severity: "error" }]);
  });

  it("reports syntax errors alone, with their place", () => {
    expect(check(empty, `const a: string = 1;\nlet b = ];`)).toMatchObject([{ code: 1109, line: 2, column: 9 }]);
  });

  it.each([
    ["top-level await", `const n: number = await Promise.resolve(1);`],
    ["for await", `for await (const n of (async function* () { yield 1; })()) n.toFixed();`],
    ["using", `using file = { [Symbol.dispose]() {} }; await using other = { async [Symbol.asyncDispose]() {} };`],
    ["decorators", `function log(target: unknown, context: ClassMethodDecoratorContext) {} class A { @log run() {} }`],
    ["unused names", `const unused = 1; import fs from "node:fs"; function f(a: number) {}`],
    ["unreachable code and labels", `outer: for (;;) { break; }\nfunction g() { return 1; 2; }`],
    ["Node's globals", `process.argv.length; Buffer.from("a"); setTimeout(() => {}, 1); fetch("x"); structuredClone(1); __dirname; require("fs"); import.meta.dirname;`],
    ["the cell API", `const shown = display(html\`<b>\${1}</b>\`, { id: "a" }); shown.update(md("x")); for (const i of progress(3)) i.toFixed(); const t: string = await input("q", { password: true }); clearOutput({ wait: true }); confirm("a") && alert("b"); prompt("c")!.length; [svg("<svg/>"), image("a.png"), latex\`\\alpha\`, json({})];`],
    ["own words for the cell API's names", `const html = 5; const progress = html + 1; function display(n: number) { return n; }`],
    ["@ts-nocheck", `// @ts-nocheck\nconst a: string = 1;`],
    ["@ts-expect-error on the first line", `// @ts-expect-error\nconst a: string = 1;`],
    ["what is left on globalThis", `globalThis.left = 1;`],
    ["a hashbang", `#!/usr/bin/env node\nconst a = 1;`],
    ["a sum nested thousands deep", `const sum = ${Array.from({ length: 3000 }, (_, i) => i).join(" + ")};`],
    ["a reference to another library", `/// <reference lib="dom" />\ndocument.title.length;`],
    ["growing arrays", `const list = []; list.push(1); let later; later = 5;`],
  ])("accepts %s", (_, code) => expect(check(empty, code)).toEqual([]));

  it.each([
    ["a name declared twice", `let a = 1;\nlet a = 2;`, [2451, 2451]],
    ["an implicit any", `function f(a) { return a; }`, [7006]],
    ["an unknown name", `nowhere;`, [2304]],
    ["a possibly null value", `const m = /a/.exec("a"); m.length;`, [18047]],
    ["the cell API used wrongly", `display(1, { id: 5 });`, [2322]],
    ["an unknown module", `import { a } from "no-such-package";`, [2307]],
    ["an unknown local module", `import { a } from "./nowhere.ts";`, [2307]],
  ])("refuses %s", (_, code, expected) => expect(codes(empty, code)).toEqual(expected));
});

describe("later cells", () => {
  it("see values with their inferred types", () => {
    const core = notebook(`const point = { x: 1, label: "a" }; function scale<T extends { x: number }>(p: T, by = 2): T & { by: number } { return { ...p, by }; }`);
    expect(check(core, `const s: string = scale(point).label; const n: number = scale(point, 3).by;`)).toEqual([]);
    expect(check(core, `const s: string = scale(point).by;`)[0]).toMatchObject({ code: 2322, message: "Type 'number' is not assignable to type 'string'." });
    expect(codes(core, `point.y`)).toEqual([2339]);
  });

  it("see types, generic ones too, enums, classes and namespaces", () => {
    const core = notebook(
      `interface Box<T> { value: T } type Pair<A, B = A> = [A, B]; enum Colour { Red, Green } class Animal { #secret = 1; constructor(protected name: string) {} speak(): string { return this.name; } } namespace Geo { export const pi = 3; export type P = number }`,
    );
    expect(check(core, `const b: Box<number> = { value: 1 }; const p: Pair<string> = ["a", "b"]; const c: Colour = Colour.Green; class Dog extends Animal { bark() { return this.name; } } const d: Animal = new Dog("rex"); d.speak().length; const g: Geo.P = Geo.pi;`)).toEqual([]);
    expect(codes(core, `const b: Box<number> = { value: "a" };`)).toEqual([2322]);
    expect(codes(core, `new Animal(5)`)).toEqual([2345]);
  });

  it("may assign let and var, within their type, and not const", () => {
    const core = notebook(`let x = 1; var y = "a"; const z = 1; let { a, b: [c] } = { a: 1, b: ["s"] };`);
    expect(check(core, `x = 5; x++; y += "b"; a = 2; [c] = ["t"]; ({ a } = { a: 3 });`)).toEqual([]);
    expect(codes(core, `x = "no";`)).toEqual([2322]);
    const [constant] = check(core, `z = 2;`);
    expect(constant.message).toMatch(/Cannot assign to 'z' because it is a constant/);
  });

  it("may declare a name again with another type", () => {
    const core = notebook(`const v = 1; class Thing { a = 1 } function f(): number { return v; }`, `const v = "text"; class Thing { b = 2 }`);
    expect(check(core, `v.toUpperCase(); new Thing().b; f().toFixed();`)).toEqual([]);
    expect(codes(core, `new Thing().a`)).toEqual([2339]);
    expect(check(core, `function v(): void {} v();`)).toEqual([]);
    expect(check(core, `import { answer as v } from "./local.ts"; v.toFixed();`)).toEqual([]);
  });

  it("may get injected parameters", () => {
    const core = notebook(`const seeds = 1; const profile = "smoke";`, `const seeds = 3; const profile = "paper";`);
    expect(check(core, `if (profile === "smoke") seeds.toFixed(); switch (profile) { case "mini": break; } let widened = seeds; widened = 7;`)).toEqual([]);
    expect(codes(core, `const text = "a" as "a" | "b"; if (text === "c") text;`)).toEqual([2367]);
  });

  it("keep literal types where they matter and widen where TypeScript does", () => {
    const core = notebook(`const pad = "same"; const size = 3;`);
    expect(check(core, `function conv(p: "same" | "valid") { return p; } conv(pad); let n = size; n = 4;`)).toEqual([]);
  });

  it("see imports of every kind, and types through them", () => {
    const core = notebook(`import twice, { answer, type Shape } from "./local.ts"; import * as path from "node:path"; import type { Stats } from "node:fs"; import { readFile as read } from "node:fs/promises";`);
    expect(check(core, `const n: number = twice(answer); const s: Shape = { side: n }; path.join("a"); let t: Stats | undefined; const b: Promise<Buffer> = read("x");`)).toEqual([]);
    expect(codes(core, `const s: Shape = { side: "a" }; twice("a");`)).toEqual([2322, 2345]);
  });

  it("keep unique symbols, typeof import and conditional types", () => {
    const core = notebook(`const tag: unique symbol = Symbol("tag"); interface Tagged { [tag]: number } const fsModule: typeof import("node:fs") = await import("node:fs"); type Awaits<T> = T extends Promise<infer U> ? U : T;`);
    expect(check(core, `const t: Tagged = { [tag]: 1 }; fsModule.existsSync("a"); const u: Awaits<Promise<string>> = "a";`)).toEqual([]);
  });

  it("keep types of things that have no name of their own", () => {
    const core = notebook(`const Anonymous = class { private hidden = 1; shown = "a" }; const made = new Anonymous(); function inner() { class Local { l = 1 } return new Local(); } const local = inner();`);
    expect(check(core, `made.shown.length; local.l.toFixed();`)).toEqual([]);
    expect(codes(core, `made.hidden`)).toEqual([2341]);
  });

  it("see overloads, exports, merged namespaces and generators", () => {
    const core = notebook(`export function pick(a: string): string; export function pick(a: number): number; export function pick(a: unknown): unknown { return a; } class Model { w = 1 } namespace Model { export type Options = { rate: number } } async function* steps() { yield 1; } const { first, ...others } = { first: 1, second: "b" };`);
    expect(check(core, `pick(1).toFixed(); pick("a").length; const o: Model.Options = { rate: 1 }; for await (const s of steps()) s.toFixed(); others.second.length;`)).toEqual([]);
    expect(codes(core, `pick(true)`)).toEqual([2769]);
  });

  it("separate the value and the type of one name", () => {
    const core = notebook(`interface Opt { a: number } class Both { c = 1 }`, `const Opt = 5; const Both = 7;`);
    expect(check(core, `const o: Opt = { a: Opt }; Both.toFixed();`)).toEqual([]);
    expect(codes(core, `let b: Both;`)).toEqual([2749]);
  });

  it("see global augmentations and growing arrays", () => {
    const core = notebook(`declare global { interface Array<T> { second(): T } } Array.prototype.second = function () { return this[1]; }; const losses = []; let model;`);
    expect(check(core, `[1, 2].second().toFixed(); losses.push(1); losses.length; model = 5;`)).toEqual([]);
  });

  it("may read variables that began without a type", () => {
    const core = notebook(`let best = null; let data; const losses = []; losses.push(0.5);`, `best = { loss: 1 }; data = [1];`);
    expect(check(core, `best.loss; data.length; losses.map((loss) => loss * 2).length; (() => data.first)();`)).toEqual([]);
    expect(codes(core, `let own; const read = () => own.first; own = 5; own = "a";`)).toEqual([7005]);
  });

  it("see nested var, and names used inside functions", () => {
    const core = notebook(`for (var i = 0; i < 3; i++) { var last = i; } const limit = 10;`);
    expect(check(core, `function under(n: number): boolean { return n < limit; } i.toFixed(); last.toFixed();`)).toEqual([]);
  });

  it("do not see what was checked but never committed", () => {
    const core = notebook();
    expect(check(core, `const ghost = 1;`)).toEqual([]);
    expect(codes(core, `ghost`)).toEqual([2304]);
  });
});

describe("modules", () => {
  it("resolves the notebook's files and packages, then Potstill's", () => {
    const core = notebook();
    expect(check(core, `import { typed } from "typed"; typed("a").getTime(); import data from "./data.json"; data.title.length; import { listed } from "./plain.js"; listed[0]!.toFixed(); import * as tf from "@tensorflow/tfjs-core"; const t: tf.Tensor2D = tf.zeros([1, 2]); import { display as show } from "potstill/notebook"; show(1);`)).toEqual([]);
    expect(codes(core, `import { typed } from "typed"; typed(5);`)).toEqual([2345]);
  });

  it("takes packages without types as any", () => {
    expect(check(notebook(), `import untyped from "untyped"; untyped.whatever();`)).toEqual([]);
  });

  it("sees changes of the notebook's own files", () => {
    const core = notebook();
    const path = join(folder, "changing.ts");
    expect(codes(core, `import { later } from "./changing.ts"; later.toFixed();`)).toEqual([2307]);
    writeFileSync(path, `export const later = "text";\n`);
    expect(codes(core, `import { later } from "./changing.ts"; later.toFixed();`)).toEqual([2551]);
    writeFileSync(path, `export const later: number = 12345;\n`);
    expect(check(core, `import { later } from "./changing.ts"; later.toFixed();`)).toEqual([]);
  });
});

describe("many cells", () => {
  it("cost a check no more than its own cell when each builds on the one before", () => {
    const { counted, fresh } = countingDocuments();
    const core = new LanguageCore(folder, counted);
    cores.push(core);
    core.commit({ code: `const v0 = 0;`, name: "0" });
    for (let i = 1; i < 300; i++) core.commit({ code: `const v${i} = v${i - 1} + 1;`, name: String(i) });
    expect(check(core, `v299`)).toEqual([]);
    expect(fresh().filter((text) => /^const v\d+ = /m.test(text))).toHaveLength(300); // each once
    expect(check(core, `const n: number = v299;`)).toEqual([]);
    expect(fresh()).toEqual([]); // the cell is added to the program that is there
    expect(codes(core, `const n: string = v299;`)).toEqual([2322]);
    const parsed = fresh();
    expect(parsed).toHaveLength(1);
    expect(parsed[0]).toContain("const n: string = v299;");
    expect(parsed[0]).not.toContain("v298");
  });
});
