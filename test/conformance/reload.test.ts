import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { KernelDriver } from "./kernel-driver.ts";

let kernel: KernelDriver;
beforeAll(async () => { kernel = await KernelDriver.start(); });
afterAll(() => kernel.stop());

const write = (name: string, text: string): void => writeFileSync(join(kernel.folder, name), text);

/** The text of a cell's result, or its error. */
async function outcome(code: string): Promise<string | undefined> {
  const { reply, messages } = await kernel.run(code);
  if (reply.status === "ok") return messages.find(({ type }) => type === "execute_result")?.content.data["text/plain"];
  return `${reply.ename}: ${reply.evalue}`;
}

describe("a file that was edited after it was loaded (before, the types were the new file's and the values the old one's)", () => {
  it.each(["ts", "tsx", "mts", "mjs", "js"])("is loaded again by the next import, with its new exports (.%s)", async (ending) => {
    const file = `edited-${ending}.${ending}`;
    if (ending === "js") write("package.json", `{ "type": "module" }`);
    write(file, "export const value = 1;\n");
    expect(await outcome(`import { value } from "./${file}"; value`)).toBe("1");
    write(file, "export const value = 22;\nexport const added = 'new';\n");
    expect(await outcome(`import { value, added } from "./${file}"; [value, added]`)).toBe("[ 22, 'new' ]");
    write(file, "export const value = 333;\n");
    expect(await outcome(`(await import("./${file}")).value`)).toBe("333");
    expect(await outcome(`import { added } from "./${file}"; added`)).toContain("does not provide an export named 'added'");
    rmSync(join(kernel.folder, "package.json"), { force: true });
  }, 60_000);

  it("stays what it is, with its state, as long as its text does not change", async () => {
    write("state.ts", "export const seen: number[] = [];\nexport let count = 0;\nexport const add = () => { count++; };\n");
    expect(await outcome(`import * as first from "./state.ts"; import { count, add } from "./state.ts"; first.seen.push(1); add(); count`)).toBe("1");
    write("state.ts", "export const seen: number[] = [];\nexport let count = 0;\nexport const add = () => { count++; };\n");
    expect(await outcome(`import * as second from "./state"; first === second && (await import("./state.ts")) === first`)).toBe("true");
    write("state.ts", "export const seen: number[] = [];\nexport let count = 10;\nexport const add = () => { count++; };\n");
    expect(await outcome(`import { count, add } from "./state.ts"; add(); [count, first.count, first.seen.length]`)).toBe("[ 11, 1, 1 ]");
  }, 60_000);

  it("is noticed behind files that import it, and these alone are loaded again", async () => {
    write("leaf.ts", "export const leaf = 1;\n");
    write("beside.ts", "export const own = {};\n");
    write("middle.mjs", `export { leaf } from "./leaf.ts";\n`);
    write("top.ts", `import { leaf } from "./middle.mjs";\nexport * from "./beside.ts";\nimport type { Some } from "./types.ts";\nexport const top = leaf * 10;\n`);
    write("types.ts", "export type Some = 1;\n");
    expect(await outcome(`import { top, own } from "./top.ts"; const before = await import("./top.ts"); top`)).toBe("10");
    write("types.ts", "export type Some = 1 | 2;\n");
    expect(await outcome(`before === await import("./top.ts")`)).toBe("true");
    write("leaf.ts", "export const leaf = 2 as number;\n");
    expect(await outcome(`import { leaf } from "./leaf.ts"; leaf`)).toBe("2");
    expect(await outcome(`import { top, own as same } from "./top.ts"; [top, same === own, same === (await import("./beside.ts")).own]`)).toBe("[ 20, true, true ]");
    expect(await outcome(`(await import("./top.ts")) === (await import("./top.ts"))`)).toBe("true");
  }, 60_000);

  it("may import files in a circle, and be reached by a mapped path", async () => {
    write("tsconfig.json", `{ "compilerOptions": { "paths": { "~/*": ["./*"] } } }`);
    write("one.ts", `import { two } from "~/two";\nexport const name = "one";\nexport const both = () => name + two;\n`);
    write("two.ts", `import { name } from "./one.ts";\nexport const two = "two";\nexport const other = () => name;\n`);
    expect(await outcome(`import { both } from "~/one"; both()`)).toBe("'onetwo'");
    write("two.ts", `import { name } from "./one.ts";\nexport const two = "three";\nexport const other = () => name;\n`);
    expect(await outcome(`import { both } from "~/one"; both()`)).toBe("'onethree'");
    rmSync(join(kernel.folder, "tsconfig.json"));
  }, 60_000);

  it("may be broken and mended, itself or where it imports, or be created late", async () => {
    write("needed.ts", "export const needed = 1;\n");
    write("user.ts", `export { needed } from "./needed";\n`);
    expect(await outcome(`import { needed } from "./user.ts"; needed`)).toBe("1");
    write("needed.ts", "export const needed = ;\n");
    expect(await outcome(`import { needed } from "./user.ts"; needed`)).toMatch(/^SyntaxError: .*needed\.ts:1:23: /);
    write("needed.ts", "export const needed = 2;\n");
    expect(await outcome(`import { needed } from "./user.ts"; needed`)).toBe("2");
    rmSync(join(kernel.folder, "needed.ts"));
    expect(await outcome(`import { needed } from "./user.ts"; needed`)).toMatch(/^Error: Cannot find module '[^'?]*needed' imported from [^?]*user\.ts$/m);
    write("needed.ts", "export const needed = 3;\n");
    expect(await outcome(`import { needed } from "./user.ts"; needed`)).toBe("3");
  }, 60_000);

  it("may be JSON, from cells and from files", async () => {
    write("data.json", "[1]");
    write("reader.mjs", `import data from "./data.json" with { type: "json" };\nexport const read = data;\n`);
    expect(await outcome(`import data from "./data.json"; import { read } from "./reader.mjs"; data.push(2); [data, read]`)).toBe("[ [ 1, 2 ], [ 1 ] ]");
    expect(await outcome(`import data from "./data.json"; data`)).toBe("[ 1, 2 ]");
    write("data.json", "{");
    expect(await outcome(`import data from "./data.json"; data`)).toMatch(/^SyntaxError: .*data\.json: /);
    write("data.json", "[3]");
    expect(await outcome(`import data from "./data.json"; import { read } from "./reader.mjs"; [data, read]`)).toBe("[ [ 3 ], [ 3 ] ]");
  }, 60_000);

  it("may be CommonJS, imported or required", async () => {
    write("inner.cjs", "exports.inner = 1;\n");
    write("outer.cjs", `exports.outer = require("./inner.cjs").inner;\n`);
    expect(await outcome(`import { outer } from "./outer.cjs"; [outer, require("./outer.cjs").outer]`)).toBe("[ 1, 1 ]");
    write("inner.cjs", "exports.inner = 2;\n");
    expect(await outcome(`import { outer } from "./outer.cjs"; [outer, require("./outer.cjs").outer]`)).toBe("[ 2, 2 ]");
    write("inner.cjs", "exports.inner = 3;\n");
    expect(await outcome(`[require("./outer.cjs").outer, require("./outer.cjs") === require("./outer.cjs")]`)).toBe("[ 3, true ]");
  }, 60_000);

  it.each([["ts", "(n: number): never"], ["mjs", "(n)"]])("has its own name and its new lines in errors (.%s)", async (ending, signature) => {
    const file = `thrower-${ending}.${ending}`;
    const text = `export function fail${signature} {\n  throw new Error("failed " + n);\n}\n`;
    write(file, text);
    const run = async () => (await kernel.run(`import { fail } from "./${file}"; fail(1)`)).reply.traceback.join("\n");
    expect(await run()).toMatch(new RegExp(`${file}:2:9`));
    write(file, `\n\n${ending === "ts" ? "interface Gone { a: 1 }\n" : ""}${text}`);
    const second = await run();
    expect(second).toMatch(new RegExp(`${file}:${ending === "ts" ? 5 : 4}:9`));
    expect(second).not.toMatch(/\?|potstill=/);
    write(file, "export const fail = nobody;\n");
    expect(await run()).toMatch(new RegExp(`ReferenceError[^]*${file}:1:21`));
  }, 60_000);
});
