import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually, KernelDriver, text } from "./kernel-driver.ts";

let kernel: KernelDriver;
beforeAll(async () => {
  kernel = await KernelDriver.start();
  const files = {
    "thrower.ts": "interface Unseen { a: 1 }\n\nexport function throwFromFile(n: number): never {\n  throw new TypeError(`file ${n}`);\n}\n",
    "static.ts": "type T = 1;\nexport class S {\n  static {\n    throw new Error('static of a file');\n  }\n}\n",
    "broken.ts": "export const a = 1;\nexport const b = ;\n",
    "broken.json": '{"a": [1,2',
  };
  for (const [name, content] of Object.entries(files)) writeFileSync(join(kernel.folder, name), content);
  await kernel.run("interface Lines { shift: 1 }\ntype Positions = Lines;\nfunction thrower(x: number): never {\n  const y: number = x;\n  throw new Error('deep ' + y);\n}");
});
afterAll(() => kernel.stop());

const internals = /^\s+at .*node:|dist[/\\]kernel|__potstill|potstill-cell|Session\.post|Evaluator|CarriedContext/m;

/** The reply of a cell that fails, with its traceback as plain text. */
async function failure(code: string) {
  const { reply } = await kernel.run(code);
  expect(reply.status, code).toBe("error");
  const trace = stripVTControlCharacters(reply.traceback.join("\n"));
  expect(trace).not.toMatch(internals);
  return { ...reply, trace, count: reply.execution_count };
}

/** What a cell leaves on stderr by the time `until` holds. */
async function stderrOf(code: string, until: (stderr: string) => boolean): Promise<string> {
  const id = await kernel.execute(code);
  await kernel.result(id);
  const seen = () => stripVTControlCharacters(text(kernel.iopub.filter(({ parent }) => parent === id), "stderr"));
  expect(await eventually(() => until(seen()), 20_000), `${code}: ${seen()}`).toBe(true);
  return seen();
}

describe("a traceback shows the line of TypeScript (tslab shows that of its JavaScript)", () => {
  it("that failed in this cell", async () => {
    const { trace, count } = await failure("type A = 1;\n\nconst value: { b?: { c: number } } = {};\nvalue.b!.c");
    expect(trace).toContain(`In [${count}]:4:10`);
    expect(trace).toContain("> 4 | value.b!.c");
    expect(trace).toMatch(/\n {4}\| {10}\^\n/);
  });

  it("that failed in a function of an earlier cell, and where this cell called it", async () => {
    const { trace, count } = await failure("const call = (n: number) => thrower(n);\ncall(3)");
    expect(trace).toMatch(/> 1 \| const call = .*\n[^]*> 5 \| {3}throw new Error\('deep ' \+ y\);/);
    expect(trace).toMatch(new RegExp(`Error: deep 3\n {4}at thrower \\(In \\[1\\]:5:9\\)\n {4}at call \\(In \\[${count}\\]:1:\\d+\\)\n {4}at In \\[${count}\\]:2:1`));
  });

  it("that failed after a wait, with the functions that waited", async () => {
    const { trace, count } = await failure("async function waits() {\n  await null;\n  thrower(4);\n}\nasync function outer() {\n  await waits();\n}\nawait outer()");
    for (const frame of ["thrower (In [1]:5:9)", `waits (In [${count}]:3:3)`, `async outer (In [${count}]:6:3)`, `async In [${count}]:8:1`]) expect(trace).toContain(`at ${frame}`);
  });

  it("that failed in a static block, a getter, a constructor and a callback", async () => {
    expect((await failure("class Made {\n  static {\n    thrower(9);\n  }\n}")).trace).toContain("> 3 |     thrower(9);");
    expect((await failure("const lazy = {\n  get value(): never { return thrower(1) }\n};\nlazy.value")).trace).toContain("> 2 |   get value()");
    expect((await failure("class Base {\n  constructor() { thrower(2) }\n}\nnew Base()")).trace).toContain("new Base (In [");
    expect((await failure("[1].map((x) => {\n  throw new Error('in map ' + x)\n})")).trace).toContain("at Array.map (<anonymous>)");
  });

  it("of an imported file", async () => {
    const { trace } = await failure("import { throwFromFile } from './thrower.ts';\nthrowFromFile(7)");
    expect(trace).toContain("> 2 | throwFromFile(7)");
    expect(trace).toContain("> 4 |   throw new TypeError(`file ${n}`);");
    expect(trace).toMatch(/thrower\.ts:4:9/);
    expect((await failure("import './static.ts'")).trace).toContain("> 4 |     throw new Error('static of a file');");
  });

  it("that does not parse, in the cell and in an imported file", async () => {
    expect((await failure("let ok = 1;\nlet a b")).trace).toContain("> 2 | let a b");
    const file = await failure("import './broken.ts'");
    expect(file).toMatchObject({ ename: "SyntaxError", evalue: expect.stringMatching(/broken\.ts:2:18: Expression expected/) as string });
    expect(file.trace).toContain("> 2 | export const b = ;");
    expect(await failure("await import('./broken.json')")).toMatchObject({ ename: "SyntaxError", evalue: expect.stringContaining("broken.json: ") as string });
    expect((await failure("const text = '{a';\nJSON.parse(text)")).trace).toContain("> 2 | JSON.parse(text)");
  });

  it("of an imported file only until the file is corrected (Node remembers the failure until it ends, and Deno with it)", async () => {
    const write = (content: string) => writeFileSync(join(kernel.folder, "mended.ts"), content);
    write("export const mended = ;");
    expect((await failure("import { mended } from './mended.ts'; mended")).evalue).toContain("mended.ts:1:23: Expression expected");
    write("export const mended: number = 1;\nthrow new Error('still not');");
    expect((await failure("import { mended } from './mended.ts'; mended")).trace).toContain("> 2 | throw new Error('still not');");
    write("export const mended: number = 1;");
    expect(await kernel.value("import { mended } from './mended.ts'; mended")).toBe("1");
    expect(await kernel.value("(await import('./mended.ts')) === (await import('./mended.ts'))")).toBe("true");
  });

  it("that only V8 refuses: return, break and a name declared twice", async () => {
    expect((await failure("const before = 1;\nreturn before")).trace).toContain("> 2 | return before");
    expect((await failure("const once = 1;\nbreak;")).trace).toContain("> 2 | break;");
    expect((await failure("let twice = 1;\nlet twice = 2;")).trace).toContain("> 2 | let twice = 2;");
    expect(await kernel.value("'goes on'")).toBe("'goes on'");
  });

  it("also where it is very long", async () => {
    const { trace } = await failure(`const long = "${"x".repeat(5000)}"; thrower(5); "${"y".repeat(5000)}"`);
    expect(trace).toContain("thrower(5)");
    expect(Math.max(...trace.split("\n").map(({ length }) => length))).toBeLessThan(300);
  });
});

describe("errors", () => {
  it("show their causes and the members of an AggregateError, each once", async () => {
    const { trace } = await failure("throw new Error('top', { cause: new TypeError('middle', { cause: 'bottom' }) })");
    expect(trace).toMatch(/Error: top\n[^]*caused by:\n {2}TypeError: middle\n[^]*caused by:\n {4}'bottom'/);
    const several = await failure("await Promise.any([Promise.reject(new Error('one')), Promise.reject(new RangeError('two'))])");
    expect(several).toMatchObject({ ename: "AggregateError", evalue: "All promises were rejected" });
    expect(several.trace).toMatch(/error 1 of 2:\n {2}Error: one\n[^]*error 2 of 2:\n {2}RangeError: two/);
    const circle = await failure("const a = new Error('a'); const b = new Error('b', { cause: a }); a.cause = b; throw a");
    expect(circle.trace.match(/Error: b/g)).toHaveLength(1);
  });

  it.each([["5", "5"], ["'text'", "'text'"], ["{ a: 1 }", "{ a: 1 }"], ["null", "null"], ["undefined", "undefined"], ["Symbol('s')", "Symbol(s)"], ["10n", "10n"], ["NaN", "NaN"]])("that are none, such as %s, are shown as they are", async (value, shown) => {
    expect(await failure(`throw ${value}`)).toMatchObject({ ename: "Uncaught", evalue: shown });
    expect(await failure(`await Promise.reject(${value})`)).toMatchObject({ ename: "Uncaught", evalue: shown });
  });

  it("whose own getters throw, proxies and frozen ones are reported all the same", async () => {
    expect(await failure("class Evil extends Error { get message(): string { throw 1 } get name(): string { throw 2 } get stack(): string { throw 3 } get cause() { throw 4 } }\nthrow new Evil()")).toMatchObject({ ename: "Error", evalue: "" });
    expect(await failure("throw new Proxy(new Error('behind'), { get() { throw 1 }, getPrototypeOf() { throw 2 } })")).toMatchObject({ status: "error" });
    expect(await failure("throw Object.freeze(new RangeError('cold'))")).toMatchObject({ ename: "RangeError", evalue: "cold" });
    expect(await failure("throw Object.assign(Object.create(null), { message: 'bare' })")).toMatchObject({ ename: "Uncaught" });
  });

  it("keep the name and message that their class gives them", async () => {
    expect(await failure("throw new (class QuotaError extends Error { override name = 'QuotaError' })('full')")).toMatchObject({ ename: "QuotaError", evalue: "full" });
    const { evalue, trace } = await failure("throw new RangeError('two\\nlines')");
    expect(evalue).toBe("two\nlines");
    expect(trace).toContain("RangeError: two\nlines\n    at In [");
  });

  it("of another realm are errors too", async () => {
    expect(await failure("require('node:vm').runInNewContext('null.x')")).toMatchObject({ ename: "TypeError", evalue: "Cannot read properties of null (reading 'x')" });
  });

  it("of endless recursion leave the kernel well", async () => {
    expect(await failure("const recurse = (n: number): number => recurse(n + 1) + 1; recurse(0)")).toMatchObject({ ename: "RangeError" });
    expect(await kernel.value("1 + 1")).toBe("2");
  });

  it("respect Error.stackTraceLimit and Error.prepareStackTrace, and get their lines back afterwards", async () => {
    await kernel.run("const limit = Error.stackTraceLimit; Error.stackTraceLimit = 1;");
    expect((await failure("thrower(1)")).trace.match(/^ {4}at /gm)).toHaveLength(1);
    await kernel.run("Error.stackTraceLimit = limit; const previous = Error.prepareStackTrace; Error.prepareStackTrace = (error) => 'mine: ' + error.message;");
    expect(await kernel.value("new Error('x').stack")).toBe("'mine: x'");
    expect((await failure("thrower(2)")).trace).toBe("mine: deep 2");
    await kernel.run("Error.prepareStackTrace = previous;");
    expect((await failure("thrower(3)")).trace).toContain("thrower (In [1]:5:9)");
    await kernel.run("Error.prepareStackTrace = () => 'again'; Error.prepareStackTrace = undefined;");
    expect((await failure("thrower(4)")).trace).toContain("thrower (In [1]:5:9)");
    expect(await kernel.value("new Error('y').stack!.split('\\n')[1].trim().replace(/\\d+/g, '#')")).toBe("'at In [#]:#:#'");
  });

  it("of process.exit() end the cell, not the kernel, by Python's name for it", async () => {
    expect(await failure("process.exit()")).toMatchObject({ ename: "SystemExit", evalue: "0" });
    expect(await failure("process.exit(3)")).toMatchObject({ ename: "SystemExit", evalue: expect.stringContaining("process.exit(3)") as string });
    expect(await kernel.value("process.exitCode = 4; 'runs'")).toBe("'runs'");
    await kernel.run("process.exitCode = 0");
  });
});

describe("errors that nobody catches", () => {
  const stray = "await new Promise<void>((done) => setTimeout(done, 30))";

  it("in a timer appear with their lines, and the kernel goes on", async () => {
    const stderr = await stderrOf(`setTimeout(() => {\n  thrower(11)\n}, 1);\n${stray}`, (seen) => seen.includes("deep 11\n"));
    expect(stderr).toContain("> 2 |   thrower(11)");
    expect(stderr).toContain("at thrower (In [1]:5:9)");
    expect(stderr).not.toMatch(internals);
  });

  it("in promises appear, whatever they are", async () => {
    expect(await stderrOf(`Promise.reject(new TypeError("left")); ${stray}`, (seen) => seen.includes("TypeError: left"))).toMatch(/> 1 \| Promise\.reject/);
    expect(await stderrOf(`Promise.reject(12); ${stray}`, (seen) => seen.includes("12"))).toContain("Uncaught 12");
    expect(await stderrOf(`(async () => { await null; thrower(13) })(); ${stray}`, (seen) => seen.includes("deep 13\n"))).not.toMatch(internals);
  });

  it.each([
    ["a timer", "setTimeout(() => thrower(21), 60);"],
    ["a function that waits", "(async () => { await new Promise((done) => setTimeout(done, 60)); thrower(21) })();"],
    ["a promise's callback", "new Promise((done) => setTimeout(done, 60)).then(() => thrower(21));"],
  ])("appear in the cell that started %s, though another runs (ipykernel shows them in the newest)", async (_, code) => {
    const first = await kernel.execute(`${code} undefined`);
    const second = await kernel.execute("await new Promise((done) => setTimeout(done, 300)); 'second'");
    await Promise.all([kernel.result(first), kernel.result(second)]);
    const stderr = (id: string) => text(kernel.iopub.filter(({ parent }) => parent === id), "stderr");
    expect(await eventually(() => stderr(first).includes("deep 21"), 20_000), `first: ${stderr(first)}; second: ${stderr(second)}`).toBe(true);
    expect(stderr(second)).toBe("");
  });
});
