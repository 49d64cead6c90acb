import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { KernelDriver, sleep, text } from "./kernel-driver.ts";

let kernel: KernelDriver;
beforeAll(async () => { kernel = await KernelDriver.start(); });
afterAll(() => kernel.stop());

describe("bindings", () => {
  it("keeps closures and cells on the same live binding (tslab answers [5, 1])", async () => {
    await kernel.run("let x = 1; function getX() { return x }");
    expect(await kernel.value("x = 5; [x, getX()]")).toBe("[ 5, 5 ]");
  });

  it.each([
    ["const", "const again = 'const'; again", "'const'"],
    ["let", "let again = 'let'; again", "'let'"],
    ["var", "var again = 'var'; again", "'var'"],
    ["function", "function again() { return 'function' }\nagain()", "'function'"],
    ["class", "class again { static s = 'class' }\nagain.s", "'class'"],
    ["enum", "enum again { E = 'enum' }\nagain.E", "'enum'"],
    ["import", "import * as again from 'node:path'; typeof again.join", "'function'"],
    ["const after all", "const again = 2; again", "2"],
  ])("declares a name again as %s", async (_kind, code, expected) => {
    expect(await kernel.value(code)).toBe(expected);
  });

  it("hoists functions within a cell and lets recursion see a later definition", async () => {
    expect(await kernel.value("const early = later(3); function later(n: number): number { return n <= 0 ? 0 : 1 + later(n - 1) }\nearly")).toBe("3");
    await kernel.run("const first = later; function later(n: number) { return 100 }");
    expect(await kernel.value("first(0)")).toBe("100");
  });

  it("hoists var out of blocks and loops, in patterns too", async () => {
    expect(await kernel.value("for (var i = 0; i < 3; i++) { var { a: [deep, ...rest], b = 7 } = { a: [i, 1, 2] } as any }\n[i, deep, rest, b]")).toBe("[ 3, 2, [ 1, 2 ], 7 ]");
    expect(await kernel.value("let i = 'again'; i")).toBe("'again'");
  });

  it("resets an enum that is declared again", async () => {
    await kernel.run("enum Level { Low = 'low' }");
    expect(await kernel.value("enum Level { High = 'high' }\nObject.keys(Level)")).toBe("[ 'High' ]");
  });
});

describe("results", () => {
  it("shows the value of the last expression, and no undefined", async () => {
    expect(await kernel.value("1 + 1")).toBe("2");
    expect(await kernel.value("'use strict as a value'")).toBe("'use strict as a value'");
    expect(await kernel.value("({ a: 1 })")).toBe("{ a: 1 }");
    expect(await kernel.value("undefined")).toBeUndefined();
    expect(await kernel.value("const declared = 5")).toBeUndefined();
    expect(await kernel.value("if (true) { 5 }")).toBeUndefined();
    expect(await kernel.value("10n ** 20n;")).toBe("100000000000000000000n");
  });

  it("takes all of TypeScript: parameter properties, enums, namespaces, decorators, generics, satisfies", async () => {
    expect(await kernel.value("class P { constructor(private readonly q: number) {} get twice() { return this.q * 2 } }\nnew P(4).twice")).toBe("8");
    expect(await kernel.value("namespace N { export const inside = 3 }\nN.inside satisfies number")).toBe("3");
    expect(await kernel.value("function twice(f: any, _: ClassMethodDecoratorContext) { return function (this: any) { return 2 * f.call(this) } }\nclass D { @twice four() { return 2 } }\nnew D().four()")).toBe("4");
    expect(await kernel.value("const f = <T,>(x: T) => x; f<number>(3)")).toBe("3");
  });

  it("awaits at top level, in for await, and downlevels using", async () => {
    expect(await kernel.value("const late = await Promise.resolve(3); late")).toBe("3");
    expect(await kernel.value("const seen: number[] = []; for await (const v of (async function* () { yield 1; yield 2 })()) seen.push(v);\nseen")).toBe("[ 1, 2 ]");
    expect(await kernel.value("let closed = 0; { using r = { [Symbol.dispose ?? Symbol.for('dispose')]() { closed++ } } as any }\nclosed")).toBe("1");
  });

  it("counts cells, but not silent ones nor those kept out of the history", async () => {
    const count = async (options: object) => (await kernel.run("1", options)).reply.execution_count;
    const before = await count({});
    expect(await count({ silent: true })).toBe(before);
    expect(await count({ store_history: false })).toBe(before);
    expect(await count({})).toBe(before + 1);
  });

  it("broadcasts neither input nor result of a silent cell", async () => {
    const { messages } = await kernel.run("1 + 1", { silent: true });
    expect(messages.map((m) => m.type)).toEqual(["status", "status"]);
  });

  it("answers a user expression whatever its name: an object would swallow __proto__", async () => {
    const { reply } = await kernel.run("1", { user_expressions: JSON.parse('{"__proto__":"2 + 2","constructor":"3"}') as object });
    expect(Object.entries(reply.user_expressions)).toMatchObject([["__proto__", { data: { "text/plain": "4" } }], ["constructor", { data: { "text/plain": "3" } }]]);
  });

  it("evaluates user_expressions after the cell", async () => {
    const { reply } = await kernel.run("let ue = 20", { user_expressions: { good: "ue + 1", bad: "missing.x" } });
    expect(reply.user_expressions.good).toMatchObject({ status: "ok", data: { "text/plain": "21" } });
    expect(reply.user_expressions.bad).toMatchObject({ status: "error", ename: "ReferenceError" });
  });
});

describe("output", () => {
  it("delivers 10,000 lines before idle, in few messages (tslab and Deno lose most of them)", async () => {
    const { messages } = await kernel.run("for (let k = 0; k < 10_000; k++) console.log('line', k)");
    expect(text(messages)).toBe(Array.from({ length: 10_000 }, (_, k) => `line ${k}\n`).join(""));
    expect(messages.filter((m) => m.type === "stream").length).toBeLessThan(200);
  });

  it("keeps the order of the two streams and the displays", async () => {
    const { messages } = await kernel.run("console.log('a'); console.error('b'); display('c'); process.stdout.write('d'); process.stdout.write(Buffer.from('é')); undefined");
    const seen = messages.filter((m) => m.type !== "status" && m.type !== "execute_input").map((m) => (m.type === "stream" ? `${m.content.name}:${m.content.text}` : m.type));
    expect(seen).toEqual(["stdout:a\n", "stderr:b\n", "display_data", "stdout:dé"]);
    expect(messages[0].content.execution_state).toBe("busy");
    expect(messages[1].type).toBe("execute_input");
    expect(messages.at(-1)!.content.execution_state).toBe("idle");
  });

  it("keeps output that comes after the cell, for the newest cell or its own", async () => {
    await kernel.run("setTimeout(() => console.log('late'), 150)");
    const next = await kernel.execute("await new Promise((done) => setTimeout(done, 400))");
    await kernel.result(next);
    await sleep(100);
    const late = kernel.iopub.filter((m) => m.type === "stream" && String(m.content.text).includes("late"));
    expect(late).toHaveLength(1);
    expect(late[0].parent).toBeTruthy();
  });

  it("does not echo the handle of a display that ends a cell, but shows it when it is asked for as part of a value", async () => {
    expect(await kernel.value("display('shown')")).toBeUndefined();
    expect(await kernel.value("display('shown');")).toBeUndefined();
    expect(await kernel.value("[display('shown', { id: 'asked' })].map(({ id }) => id)")).toBe("[ 'asked' ]");
  });

  it("updates a display by its id", async () => {
    const { messages } = await kernel.run("const shown = display('one', { id: 'd1' }); shown.update('two');");
    expect(messages.find((m) => m.type === "display_data")!.content.transient).toEqual({ display_id: "d1" });
    expect(messages.find((m) => m.type === "update_display_data")!.content).toMatchObject({ data: { "text/plain": "'two'" }, transient: { display_id: "d1" } });
  });

  it("shows errors of timers and forgotten promises on stderr and lives on", async () => {
    const { messages } = await kernel.run("setTimeout(() => { throw new Error('stray timer') }, 1); void Promise.reject(new Error('stray promise')); await new Promise((done) => setTimeout(done, 60))");
    expect(text(messages, "stderr")).toContain("Error: stray timer");
    expect(text(messages, "stderr")).toContain("Error: stray promise");
    expect(await kernel.value("'alive'")).toBe("'alive'");
  });
});

describe("errors", () => {
  const error = async (code: string) => {
    const { reply, messages } = await kernel.run(code);
    const broadcast = messages.find((m) => m.type === "error")!.content;
    expect(broadcast).toEqual({ ename: reply.ename, evalue: reply.evalue, traceback: reply.traceback });
    // eslint-disable-next-line no-control-regex
    return { ename: reply.ename, evalue: reply.evalue, trace: reply.traceback.join("\n").replace(/\u001b\[\d+m/g, ""), count: reply.execution_count };
  };

  it("maps positions to the cell's TypeScript, below types and comments", async () => {
    const { ename, evalue, trace, count } = await error("interface Gone {\n  a: number;\n}\n// comment\nfunction thrower(n: number): never {\n\n  throw new RangeError('bad ' + n);\n}\nawait null;\nthrower(3);");
    expect([ename, evalue]).toEqual(["RangeError", "bad 3"]);
    expect(trace).toContain(`> 7 |   throw new RangeError('bad ' + n);\n     |         ^`.replace("\n     ", "\n    "));
    expect(trace).toContain(`at thrower (In [${count}]:7:9)`);
    expect(trace).toContain(`In [${count}]:10:1`);
    expect(trace).not.toMatch(/node:|dist\/kernel|__potstill/);
  });

  it("follows asynchronous calls back to the cell", async () => {
    const { trace, count } = await error("async function outer() { await inner() }\nasync function inner() { await null; throw new TypeError('deep', { cause: new Error('why') }) }\nawait outer()");
    expect(trace).toContain(`at inner (In [${count}]:2:44)`);
    expect(trace).toContain(`at async outer (In [${count}]:1:26)\n    at async In [${count}]:3:1`);
    expect(trace).toContain("caused by:\n  Error: why");
  });

  it("names thrown values that are no errors, and syntax errors with their place", async () => {
    expect(await error("throw 5")).toMatchObject({ evalue: "5" });
    expect(await error("throw { a: 1 }")).toMatchObject({ evalue: "{ a: 1 }" });
    const { ename, trace } = await error("const ok = 1\nlet a b");
    expect(ename).toBe("SyntaxError");
    expect(trace).toContain("> 2 | let a b");
  });

  it("turns process.exit into an error and stays alive", async () => {
    expect(await error("process.exit(3)")).toMatchObject({ ename: "SystemExit", evalue: expect.stringContaining("process.exit(3) was called") as string });
    expect(await error("process.exit()")).toMatchObject({ ename: "SystemExit", evalue: "0" });
    expect(await kernel.value("1")).toBe("1");
  });

  it("aborts the cells that wait behind a failed one, unless told otherwise", async () => {
    const failing = "await new Promise((done) => setTimeout(done, 50)); throw new Error('stop')";
    const [first, second] = [await kernel.execute(failing), await kernel.execute("globalThis.ran = true")];
    expect((await kernel.result(first)).reply.status).toBe("error");
    expect((await kernel.result(second)).reply.status).toBe("aborted");
    expect(await kernel.value("typeof (globalThis as any).ran")).toBe("'undefined'");
    const [third, fourth] = [await kernel.execute(failing, { stop_on_error: false }), await kernel.execute("'went on'")];
    expect((await kernel.result(third)).reply.status).toBe("error");
    expect((await kernel.result(fourth)).reply.status).toBe("ok");
  });

  it("does not abort a cell that was sent in answer to the error", async () => {
    for (let k = 0; k < 5; k++) {
      await kernel.run("throw new Error('x')");
      expect((await kernel.run("1")).reply.status).toBe("ok");
    }
  });
});
