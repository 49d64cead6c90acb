// The same cells in the real tslab and in Potstill, each in a kernel process of its own. The cells cover what tslab's
// example notebooks and its documentation use; where the two differ on purpose, the cell says how and why.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { KernelDriver, text } from "./kernel-driver.ts";
import type { CellResult } from "./kernel-driver.ts";

const root = join(import.meta.dirname, "..", "..");
const tslabArgv = [process.execPath, join(root, "node_modules", "tslab", "bin", "tslab"), "kernel", "--config-path", "{connection_file}"];

/** What a cell shows, in a form that both kernels' protocols lead to. */
interface Shown {
  readonly displays: readonly (readonly [kind: "new" | "update", place: number | undefined, data: Record<string, string>])[];
  readonly stdout: string;
  readonly stderr: string;
}

interface Cell {
  readonly code: string;
  /** Where Potstill shows something else than tslab: what, and why. */
  readonly differs?: { readonly why: string; readonly ours: Partial<Shown> };
}

const cells: Readonly<Record<string, readonly Cell[]>> = {
  "the display API": [
    { code: 'import * as tslab from "tslab";' },
    { code: 'import {display} from "tslab"; import fs from "fs"; import * as path from "path";' },
    { code: 'tslab.display.html(`<b style="color: green">wide</b>`);' },
    { code: 'display.markdown("# head\\n* item"); display.latex("$e^{i\\\\pi}$"); display.text("plain");' },
    { code: 'display.javascript("element.textContent = 1");' },
    { code: 'display.svg(`<svg xmlns="http://www.w3.org/2000/svg" width="4" height="4"><rect width="4" height="4"/></svg>`)' },
    { code: 'display.png(fs.readFileSync("dot.png"))' },
    { code: 'display.jpeg(fs.readFileSync(path.join(".", "dot.jpg")));' },
    { code: 'display.gif(fs.readFileSync("dot.gif")); display.pdf(Buffer.from("%PDF-1.4"));' },
    { code: 'display.raw("text/vnd.own", "v"); display.raw("application/octet-stream", new Uint8Array([1, 2, 255]));' },
    { code: 'let place = tslab.newDisplay(); place.text("first"); place.html("<i>second</i>");' },
    { code: 'let other = tslab.newDisplay(); other.text("other"); place.text("third"); other.text("again");' },
    { code: '{ const bar = tslab.newDisplay(); for (let percent = 0; percent <= 100; percent += 25) { await new Promise((done) => setTimeout(done, 1)); bar.text(`${percent} %`); } }' },
    { code: "console.log(Object.keys(tslab.versions), typeof tslab.versions.typescript, tslab.versions.node === process.version)" },
    { code: 'const again = require("tslab"); again.display === display' },
    { code: '(await import("tslab")).display.html("dynamic")' },
    { code: 'import { newDisplay as fresh } from "tslab"; fresh().markdown("renamed");' },
  ],
  "printed output": [
    { code: 'console.log("a", 1, { b: [true, null] }); console.error("to stderr"); console.warn("%s!", "warned");' },
    { code: 'process.stdout.write("no newline"); process.stdout.write(" at all\\n");' },
    { code: 'for (let i = 0; i < 3; i++) { console.log(`line ${i}`); }' },
    { code: 'console.table([{ a: 1 }]); console.dir({ a: { b: { c: {} } } });' },
    { code: 'setTimeout(() => console.log("later"), 1); await new Promise((done) => setTimeout(done, 30));' },
  ],
  "results": [
    { code: "1 + 2" },
    { code: "let x = 10; x * 2" },
    { code: '"text"', differs: { why: "a string that is the result is quoted, so that \"1\" is not taken for 1", ours: { stdout: "'text'\n" } } },
    { code: "[1, 2, 3].map((n) => n * n)" },
    { code: '({ name: "object", nested: { deep: new Map([[1, 2]]) } })' },
    { code: "({ a: { b: { c: { d: 1 } } } })", differs: { why: "results show two levels more", ours: { stdout: "{\n  a: { b: { c: { d: 1 } } }\n}\n" } } },
    { code: "new Date(0)" },
    { code: "/re/g" },
    { code: "Symbol('s')" },
    { code: "123n" },
    { code: "null", differs: { why: "only undefined is nothing to show", ours: { stdout: "null\n" } } },
    { code: "undefined" },
    { code: "await Promise.resolve(undefined)" },
    { code: "new Promise(() => {})" },
    { code: "Promise.resolve(5)" },
    { code: "new Error('as a value').message", differs: { why: "a string is quoted", ours: { stdout: "'as a value'\n" } } },
    { code: "class Point { constructor(public x: number, private y = 2) {} }\nnew Point(1)" },
    { code: "(() => 1)", differs: { why: "functions are shown with their source", ours: { stdout: "[Function (anonymous)]\n() => 1\n" } } },
    { code: "if (x > 1) { x; }" },
    { code: "const statement = 5;" },
  ],
  "the language, over cells": [
    { code: "/** Adds. */\nfunction add(a: number, b: number): number {\n    return a + b;\n}" },
    { code: "add(2, 3)" },
    { code: "interface Named { getName(): string; }\nclass Impl implements Named {\n    private name: string;\n    constructor(name: string) { this.name = name; }\n    getName(): string { return `I am ${this.name}`; }\n}\nfunction tell(n: Named) { console.log(n.getName()); }\ntell(new Impl('one'));" },
    { code: "let sleep = (ms: number) => new Promise(resolve => setTimeout(resolve, ms));\nconst began = Date.now();\nawait sleep(20);\nDate.now() - began >= 19" },
    { code: "// not awaited\nsleep(1);" },
    { code: "const fn = async () => { await sleep(1); return [1, 2]; };\nawait fn();" },
    { code: "{\n    let {abc, xyz: klm} = {abc: 1, xyz: 'h'};\n    console.log({abc, klm});\n    let [p, q] = [1, 2];\n    console.log({p, q});\n    const squares: number[] = [];\n    for (const e of (function*(n: number) { for (let i = 0; i < n; i += 2) yield i; })(6)) squares.push(e * e);\n    console.log('squares =', squares);\n}" },
    { code: "{\n    let obj = {x: null};\n    console.log(obj?.x?.z);\n    let p = null, q = 0, r = 'hello';\n    console.log(p ?? q ?? r);\n}" },
    { code: "enum Colour { Red, Green = 'g' }\n[Colour.Red, Colour.Green, Colour[0]]" },
    { code: "namespace Space { export const inside = 1; }\nSpace.inside" },
    { code: "type Alias = string | number;\nconst aliased: Alias = 5;\naliased" },
    { code: "const redeclared = 1;" },
    { code: "const redeclared = 'two'; redeclared.length" },
    { code: "class Counter { static made = 0; constructor() { Counter.made++; } }\nnew Counter(); new Counter(); Counter.made" },
    { code: "import os from 'os'; import { EOL } from 'os'; [typeof os.cpus().length, EOL]" },
    { code: "const { join } = require('path'); join('a', 'b')", differs: { why: "a string is quoted", ours: { stdout: "'a/b'\n" } } },
    { code: "[typeof require, typeof __dirname]", differs: { why: "cells know their folder", ours: { stdout: "[ 'function', 'string' ]\n" } } },
    { code: "function untyped(a, b) { return a + b; }\nuntyped(1, 2)" },
    { code: "let maybe: string = null; typeof maybe", differs: { why: "a string is quoted", ours: { stdout: "'object'\n" } } },
    { code: "class Late { made: number; }\nnew Late().made === undefined" },
    { code: "try { throw new Error('caught'); } catch (e) { console.log(e.message); }" },
  ],
  "bindings (tslab answers wrongly)": [
    { code: "let shared = 1; function readShared() { return shared; } function raise() { shared += 1; }" },
    { code: "shared = 5; [shared, readShared()]", differs: { why: "bindings are live; tslab's function still sees 1", ours: { stdout: "[ 5, 5 ]\n" } } },
    { code: "for await (const each of [Promise.resolve(1)]) console.log(each);", differs: { why: "tslab does not compile it", ours: { stdout: "1\n", stderr: "" } } },
  ],
};

let folder: string;
let ours: KernelDriver;
let real: KernelDriver;
const places = { ours: new Map<string, number>(), real: new Map<string, number>() };

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "potstill-tslab-"));
  const dot = sharp({ create: { width: 2, height: 2, channels: 3, background: "teal" } });
  for (const [name, format] of [["dot.png", "png"], ["dot.jpg", "jpeg"], ["dot.gif", "gif"]] as const) writeFileSync(join(folder, name), await dot.clone().toFormat(format).toBuffer());
  real = await KernelDriver.start({ cwd: folder, argv: tslabArgv });
  ours = await KernelDriver.start({ cwd: folder, env: { POTSTILL_TYPECHECK: "error" } });
});
afterAll(async () => {
  await Promise.all([ours.stop(), real.stop()]);
  rmSync(folder, { recursive: true, force: true });
});

/** tslab prints results, Potstill sends them as such; a result that is not text alone is not expected here. */
function shown({ messages }: CellResult, known: Map<string, number>): Shown {
  const placeOf = (id: string | undefined): number | undefined => {
    if (id === undefined) return undefined;
    if (!known.has(id)) known.set(id, known.size);
    return known.get(id);
  };
  const displays = messages.filter(({ type }) => type.endsWith("display_data")).map(({ type, content }) => [
    type === "update_display_data" ? "update" : "new", placeOf((content.transient as { display_id?: string } | undefined)?.display_id), content.data,
  ] as const);
  const results = messages.filter(({ type }) => type === "execute_result").map(({ content }) => `${content.data["text/plain"]}\n`);
  return { displays, stdout: stripVTControlCharacters(text(messages) + results.join("")), stderr: stripVTControlCharacters(text(messages, "stderr")) };
}

describe.each(Object.entries(cells))("%s", (_, list) => {
  it.each(list)("$code", async ({ code, differs }) => {
    const [theirs, mine] = [await real.run(code), await ours.run(code)];
    const expected = shown(theirs, places.real);
    const found = shown(mine, places.ours);
    expect(mine.reply.status, JSON.stringify(mine.reply)).toBe("ok");
    expect(found).toEqual({ ...expected, ...differs?.ours });
    if (differs !== undefined) expect(found, "no longer different: the note is out of date").not.toEqual(expected);
  });
});
