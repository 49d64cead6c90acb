import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import ts from "typescript";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { carryCells } from "../../../kernel/language/carried-callbacks.ts";
import { createCellContext } from "../../../kernel/language/cell-context.ts";
import { Interrupts } from "../../../kernel/language/interrupts.ts";
import { createSharedState, slot } from "../../../kernel/language/link.ts";
import type { CellRequest, SharedState } from "../../../kernel/language/link.ts";
import { createModules } from "../../../kernel/language/modules.ts";
import { compileCell } from "../../../kernel/language/transpile.ts";
import { CellSession } from "../../../kernel/language/session.ts";
import { Tracebacks } from "../../../kernel/language/traceback.ts";

const { setTimeout, setInterval, setImmediate, queueMicrotask } = globalThis;
const nextTick = Object.getOwnPropertyDescriptor(process, "nextTick")!;
const globals = globalThis as unknown as Record<string, unknown>;

let shared: SharedState;
let interrupts: Interrupts;
let session: CellSession;
/** What `note(text)` in a cell said, after the number of the cell to which it belongs. */
let notes: string[];

function open(version: string, folder = import.meta.dirname): void {
  const context = createCellContext(version);
  carryCells(context);
  shared = createSharedState();
  interrupts = new Interrupts(shared, context);
  notes = [];
  session = new CellSession({
    context, interrupts, shared, tracebacks: new Tracebacks(), modules: createModules(folder),
    render: async (value) => ({ data: { "text/plain": String(value) }, metadata: {} }),
    flush: async () => undefined,
  });
  globals.note = (text: unknown) => { notes.push(`${session.cell}: ${String(text)}`); };
  globals.doors = {};
}

const request = (id: number, code: string, expressions: Record<string, string> = {}): CellRequest => ({ id, count: id, code, allowStdin: false, expressions, tsx: false });

async function run(id: number, code: string, expressions?: Record<string, string>) {
  let result: unknown;
  const outcome = await session.run(request(id, code, expressions), ({ data }) => { result = data["text/plain"]; });
  return { outcome, result };
}

afterEach(() => {
  Object.assign(globalThis, { setTimeout, setInterval, setImmediate, queueMicrotask });
  Object.defineProperty(process, "nextTick", nextTick);
  delete globals.note;
  delete globals.doors;
});

/** A promise that a cell waits for and another opens. */
const door = (name: string) => `new Promise<void>((open) => { (doors as any).${name} = open })`;
const opening = (name: string) => `(doors as any).${name}()`;

describe.each([["the context that compiled cells carry", "20.19.0"], ["AsyncLocalStorage", "24.0.0"]])("cells at the same time, with %s", (_, version) => {
  beforeEach(() => open(version));

  it("keep their results apart, whichever ends first", async () => {
    const first = run(1, `await ${door("a")}; note("one goes on"); "one"`);
    expect(await run(2, `${opening("a")}; "two"`)).toEqual({ outcome: { status: "ok", expressions: {} }, result: "two" });
    expect((await first).result).toBe("one");
    expect(notes).toEqual(["1: one goes on"]);
  });

  it("keep their expressions apart", async () => {
    const first = run(1, `let x = 1; await ${door("a")}; x`, { seen: "x + 10" });
    const second = await run(2, `let y = 5; "y"`, { seen: "await Promise.resolve(y)" });
    await run(3, opening("a"));
    expect(second.outcome).toMatchObject({ expressions: { seen: { status: "ok", data: { "text/plain": "5" } } } });
    expect((await first).outcome).toMatchObject({ expressions: { seen: { data: { "text/plain": "11" } } } });
  });

  it("fail by themselves", async () => {
    const first = run(1, `try { await ${door("a")} } finally { note("left") }; "one"`);
    expect((await run(2, "throw new RangeError('two')")).outcome).toMatchObject({ status: "error", ename: "RangeError" });
    await run(3, opening("a"));
    expect((await first).result).toBe("one");
    expect(notes).toEqual(["1: left"]);
  });

  it("own what they do while they take turns", async () => {
    const code = (name: string) => `for (let k = 0; k < 3; k++) { await null; note("${name}" + k); await new Promise((done) => setTimeout(done, 1)); note("${name}" + k) }`;
    await Promise.all([run(1, code("a")), run(2, code("b")), run(3, `async function f() { ${code("c")} }\nawait f()`)]);
    expect(notes).toHaveLength(18);
    for (const note of notes) expect(note).toMatch(/^(1: a|2: b|3: c)/);
  });

  it("own what comes of their timers, queues and promises after they ended", async () => {
    const late = `
      const ended = { count: 0 };
      const say = (text: string) => { note(text); ended.count++ };
      setTimeout(() => say("timeout"), 5);
      const ticks = setInterval(() => { say("interval"); clearInterval(ticks) }, 5);
      setImmediate(() => say("immediate"));
      queueMicrotask(() => say("microtask"));
      process.nextTick(() => say("tick"));
      new Promise((done) => setTimeout(done, 5)).then(() => say("then"));
      Promise.reject(new Error("x")).catch(() => say("catch"));
      (async () => { await null; say("async"); try { await Promise.reject(new Error("y")) } catch { say("caught") } finally { say("finally") } })();
      (async () => { for await (const k of [1, 2]) say("item" + k); say("after") })();
      undefined`;
    await run(1, late);
    await run(2, "while (ended.count < 13) await new Promise((done) => setTimeout(done, 1)); note('second')");
    expect(notes.filter((note) => note.startsWith("1: ")).map((note) => note.slice(3)).sort()).toEqual(
      ["after", "async", "catch", "caught", "finally", "immediate", "interval", "item1", "item2", "microtask", "then", "tick", "timeout"]);
    expect(notes.at(-1)).toBe("2: second");
  });

  it("go on in their own name after rejections, in loops with labels and in generators", async () => {
    const body = `
      async function* numbers() { for (let k = 0; ; k++) { await null; note("makes " + k); yield k } }
      let seen = 0;
      outer: for await (const k of numbers()) { note("sees " + k); if (k === 1) continue outer; if (++seen > 1) break; }
      note("done");
      try { await Promise.reject(new Error("no")) } catch { note("caught") }`;
    const others = run(2, "for (let k = 0; k < 200; k++) await null; note('other')");
    await Promise.all([run(1, body), others]);
    expect(notes.filter((note) => note !== "2: other")).toEqual(["makes 0", "sees 0", "makes 1", "sees 1", "makes 2", "sees 2", "done", "caught"].map((text) => `1: ${text}`));
  });

  it("are all stopped by an interrupt, and only those that run", async () => {
    await run(1, "const controller = (globalThis as any)[Symbol.for('potstill.interrupt')]");
    interrupts.publish();
    const waiting = [2, 3].map((id) => run(id, `try { await new Promise(() => {}) } finally { note("closed") }`));
    interrupts.interrupt();
    for (const { outcome } of await Promise.all(waiting)) expect(outcome).toMatchObject({ status: "error", ename: "InterruptedError" });
    expect([...notes].sort()).toEqual(["2: closed", "3: closed"]);
    expect((await run(4, "await null; 'fine'")).result).toBe("fine");
  });

  it("have a signal each, fresh though another was just interrupted", async () => {
    interrupts.publish();
    const signal = "(globalThis as any)[Symbol.for('potstill.interrupt')].signal";
    const first = run(1, `const mine = ${signal}; try { await new Promise(() => {}) } catch {}; note(mine.aborted); await ${door("a")}; note(${signal} === mine)`);
    interrupts.interrupt();
    await new Promise((done) => setTimeout(done, 50));
    expect((await run(2, `${signal}.aborted`)).result).toBe("false");
    await run(3, opening("a"));
    await first;
    expect(notes).toEqual(["1: true", "1: true"]);
  });

  it("are abandoned one by one", async () => {
    const [first, second] = [run(1, `await ${door("a")}; note("until its next await"); await null; note("must not go on")`), run(2, `await ${door("b")}; "two"`)];
    expect(session.abandon(1, false)).toBe(true);
    expect((await first).outcome).toMatchObject({ status: "error", ename: "InterruptedError" });
    await run(3, `${opening("a")}; ${opening("b")}`);
    expect((await second).result).toBe("two");
    expect(session.abandon(1, false)).toBe(false);
    expect(notes).toEqual(["1: until its next await"]);
  });

  it("that were terminated are told from those that wait", async () => {
    // Cell 1 has passed its await and never returns, as far as the session can see; cell 2 waits.
    const first = run(1, `await null; (doors as any).reached(); await { then() {} }`);
    const reached = new Promise<void>((resolve) => { (globals.doors as Record<string, unknown>).reached = resolve; });
    const second = run(2, `await ${door("b")}; "two"`);
    await reached;
    interrupts.woke(1);
    Atomics.add(shared.control, slot.terminations, 1);
    session.noticeTermination();
    expect((await first).outcome).toMatchObject({ status: "error", evalue: expect.stringContaining("by force") as string });
    await run(3, opening("b"));
    expect((await second).result).toBe("two");
  });
});

describe("the settings of a tsconfig that change what code does", () => {
  let folder: string;
  let cells = 0;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "potstill-session-"));
    open(process.versions.node, folder);
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  async function value(code: string, compilerOptions: ts.CompilerOptions, tsx = false) {
    const cell = request(++cells, code);
    session.prepare(cell, { compiled: compileCell(code, { id: 1_000_000_007, tsx, compilerOptions }), mark: 1_000_000_007 });
    let result: unknown;
    const outcome = await session.run(cell, ({ data }) => { result = data["text/plain"]; });
    expect(outcome).toEqual({ status: "ok", expressions: {} });
    return result;
  }

  const element = "const React = { createElement: (tag: string, props: object, ...inner: unknown[]) => [tag, JSON.stringify(props), ...inner].join(' '), Fragment: 'fragment' };";

  it("JSX becomes React.createElement, or what jsxFactory says", async () => {
    expect(await value(`${element} <p id="a">{1 + 1}<br/></p>`, {}, true)).toBe(`p {"id":"a"} 2 br null`);
    expect(await value("<><b/></>", { jsx: ts.JsxEmit.Preserve }, true)).toBe("fragment null b null");
    expect(await value("const h = (tag: string) => `h ${tag}`; <p/>", { jsx: ts.JsxEmit.React, jsxFactory: "h" }, true)).toBe("h p");
  });

  it("JSX takes its functions from jsxImportSource, in every cell", async () => {
    mkdirSync(join(folder, "mini"));
    writeFileSync(join(folder, "mini", "jsx-runtime.mjs"), "export const jsx = (tag, props) => `jsx ${tag} ${JSON.stringify(props)}`; export const jsxs = jsx; export const Fragment = 'fragment';");
    const options = { jsx: ts.JsxEmit.ReactJSX, jsxImportSource: "./mini" };
    expect(await value("const shown = <p id='x'>text</p>; shown", options, true)).toBe(`jsx p {"id":"x","children":"text"}`);
    expect(await value("<><i/></>", options, true)).toContain("jsx fragment");
  });

  it("in TSX a generic arrow function keeps its comma, and an assertion uses `as`", async () => {
    expect(await value("const id = <T,>(x: T) => x; id(4) as number", {}, true)).toBe("4");
    expect(await value("<number>5", {})).toBe("5");
  });

  it("decorators are the standard's, or the older ones with metadata", async () => {
    const legacy = "const seen: unknown[] = []; function observe(target: object, key: string, descriptor?: PropertyDescriptor) { seen.push([typeof target, key, typeof descriptor]) }\nclass A { @observe field = 1; @observe method() {} }\nJSON.stringify(seen)";
    expect(await value(legacy, { experimentalDecorators: true })).toBe(`[["object","field","undefined"],["object","method","object"]]`);
    const metadata = "const types: string[] = []; (Reflect as any).metadata = (key: string, type: any) => () => { types.push(key + ':' + (type.name ?? type.map((t: any) => t.name))) };\nconst inject = (target: object, key: string) => {};\nclass B { @inject when(at: Date, count: number): string { return '' } }\ndelete (Reflect as any).metadata; types.sort().join(' ')";
    expect(await value(metadata, { experimentalDecorators: true, emitDecoratorMetadata: true })).toBe("design:paramtypes:Date,Number design:returntype:String design:type:Function");
    const standard = "const kinds: string[] = []; const mark = (_: unknown, { kind }: { kind: string }) => { kinds.push(kind) };\nclass C { @mark accessor field = 1; @mark method() {} }\nkinds.sort().join()";
    expect(await value(standard, {})).toBe("accessor,method");
  });

  it("fields are defined, or assigned", async () => {
    const code = (name: string) => `class Base${name} { set x(_: number) { note("assigned") } } class Derived${name} extends Base${name} { ${"// @ts-ignore"}\nx = 1 } Object.keys(new Derived${name}()).join()`;
    expect(await value(code("A"), {})).toBe("x");
    expect(await value(code("B"), { useDefineForClassFields: false })).toBe("");
    expect(notes).toHaveLength(1);
  });
});
