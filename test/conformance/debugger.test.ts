import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { DebugClient, shown } from "./debug-client.ts";
import { eventually, KernelDriver, text } from "./kernel-driver.ts";

let kernel: KernelDriver;
let client: DebugClient;
beforeAll(async () => { kernel = await KernelDriver.start(); });
afterAll(() => kernel.stop());

const code = `function f(a: number, b: number): number {
  const c: number = a + b;
  return c;
}

f(2, 3)`;

describe("without a debugger", () => {
  it("says so, and where cells will be found", async () => {
    client = new DebugClient(kernel);
    expect(await kernel.request("kernel_info_request", {})).toMatchObject({ debugger: true, supported_features: expect.arrayContaining(["debugger"]) as unknown });
    const info = await client.ask("debugInfo");
    expect(info).toMatchObject({ isStarted: false, hashMethod: "Murmur2", hashSeed: 0xc70f6907, tmpFileSuffix: ".ts", breakpoints: [], stoppedThreads: [], richRendering: true, copyToGlobals: true });
    expect((await client.request("setBreakpoints", { source: { path: "x" }, breakpoints: [] })).success).toBe(false);
  });
});

describe("debugger", () => {
  beforeEach(async () => {
    client = new DebugClient(kernel);
    await client.start();
  });
  afterEach(() => client.ask("disconnect", { restart: false, terminateDebuggee: true }));

  it("stops at a breakpoint in a cell, shows stack, scopes and variables, and goes on", async () => {
    expect(await client.breakAt(code, 2)).toEqual([2]);
    const id = await kernel.execute(code);
    const { reason, at, frames } = await client.stopped();
    expect([reason, at]).toEqual(["breakpoint", ["f:2", "<cell>:6"]]);
    const { sourcePath } = await client.ask("dumpCell", { code });
    expect(frames[0].source.path).toBe(sourcePath);
    expect(shown(await client.scope("Locals"))).toEqual(expect.arrayContaining(["a = 2", "b = 3"]));
    expect(await client.ask("debugInfo")).toMatchObject({ isStarted: true, stoppedThreads: [1], breakpoints: [{ source: sourcePath, breakpoints: [{ line: 2 }] }] });
    await client.ask("continue", { threadId: 1 });
    await client.event("continued");
    expect((await kernel.result(id)).reply.status).toBe("ok");
  });

  it("counts the empty lines at a cell's beginning, and its magics", async () => {
    for (const first of ["\n\n", "// a comment\n\n", "%%time\n\n"]) {
      expect(await client.breakAt(first + code, 8)).toEqual([8]);
      const id = await kernel.execute(first + code);
      expect((await client.stopped()).at).toEqual(["<cell>:8"]);
      await client.ask("continue");
      await kernel.result(id);
    }
  });

  it("moves breakpoints to where code is, and keeps them for every later run of the same code", async () => {
    const cell = "// nothing here\ninterface I { a: number }\n\nlet again = 1;\nagain += 1;";
    expect(await client.breakAt(cell, 1)).toEqual([4]);
    for (let run = 0; run < 3; run++) {
      const id = await kernel.execute(cell);
      const { reason, at } = await client.stopped();
      expect([reason, at]).toEqual(["breakpoint", ["<cell>:4"]]);
      await client.ask("continue");
      await kernel.result(id);
    }
    expect(await client.breakAt(cell)).toEqual([]);
    expect((await kernel.run(cell)).reply.status).toBe("ok");
  });

  it("stops in functions of cells that ran before the debugger was switched on", async () => {
    await client.ask("disconnect");
    const cell = "function early(n: number) {\n  const twice: number = 2 * n;\n  return twice;\n}";
    await kernel.run(cell);
    await client.start();
    expect(await client.breakAt(cell, 3)).toEqual([3]);
    const id = await kernel.execute("early(4)");
    const { at, frames } = await client.stopped();
    expect(at).toEqual(["early:3", "<cell>:1"]);
    expect(shown(await client.scope("Locals"))).toEqual(["n = 4", "twice = 8", "(return value) = 8"]);
    expect((await client.ask("source", { source: { path: frames[0].source.path } })).content).toBe(cell);
    expect((await client.ask("source", { source: { path: frames[1].source.path } })).content).toBe("early(4)");
    await client.ask("continue");
    await kernel.result(id);
  });

  it("steps over, into and out of functions, never into the kernel or Node, and not into the next cell", async () => {
    const cell = "function inner(x: number) {\n  return x + 1;\n}\nconst one = inner(1);\nconst two = [1, 2].map((n) => inner(n));\nawait Promise.resolve();\nconst three = 3;";
    await client.breakAt(cell, 4);
    const id = await kernel.execute(cell);
    expect((await client.stopped()).at).toEqual(["<cell>:4"]);
    const step = async (command: string) => {
      await client.ask(command, { threadId: 1 });
      const { reason, at } = await client.stopped();
      expect(reason).toBe("step");
      return at;
    };
    expect(await step("stepIn")).toEqual(["inner:2", "<cell>:4"]);
    expect(await step("stepOut")).toEqual(["<cell>:5"]);
    expect(await step("next")).toEqual(["<cell>:6"]);
    expect((await step("stepIn"))[0]).toMatch(/^<cell>:[67]$/);
    const over = () => kernel.shellReplies.some(({ parent }) => parent === id);
    for (let stops = client.stops; !over(); stops = client.stops) {
      await client.ask("stepIn");
      expect(await eventually(() => client.stops > stops || over(), 10_000)).toBe(true);
    }
    await kernel.result(id);
    const next = await kernel.run("const four = 4;\nfour + three");
    expect(next.reply.status).toBe("ok");
    expect(next.messages.some(({ type, content }) => type === "debug_event" && content.event === "stopped")).toBe(false);
  });

  it("stops after an await, in callbacks of timers, and at debugger statements", async () => {
    const cell = "await new Promise((resolve) => setTimeout(resolve, 5));\nlet afterAwait = 1;\nsetTimeout(() => {\n  afterAwait++;\n}, 1);\ndebugger;";
    await client.breakAt(cell, 2, 4);
    const id = await kernel.execute(cell);
    expect((await client.stopped()).at[0]).toBe("<cell>:2");
    await client.ask("continue");
    expect((await client.stopped()).at[0]).toBe("<cell>:6");
    await client.ask("continue");
    expect((await client.stopped()).at[0]).toBe("<anonymous>:4");
    await client.ask("continue");
    await kernel.result(id);
    expect(await kernel.value("afterAwait")).toBe("2");
  });

  it("shows values of all kinds without running their getters, long lists in parts, and nothing of the kernel", async () => {
    const cell = `class Point { #secret = 7; constructor(public x: number, public y = 2) {} get sum() { throw new Error("ran"); } }
function look(text: string) {
  const list = Array.from({ length: 12345 }, (_, index) => index);
  const map = new Map([["k", { deep: [1, 2] }]]);
  const point = new Point(1);
  const trap = { get poison() { (globalThis as any).poisoned = true; return 1; } };
  const odd = { nan: NaN, minus: -0, big: 10n, none: null, missing: undefined, date: new Date(0), re: /x/g, error: new TypeError("no"), call(a: number) { return a; } };
  return text;
}
look("it's")`;
    await client.breakAt(cell, 8);
    const id = await kernel.execute(cell);
    await client.stopped();
    const locals = await client.scope("Locals");
    const local = (name: string) => locals.find((each) => each.name === name)!;
    expect(local("text")).toMatchObject({ value: `"it's"`, type: "string", evaluateName: "text", variablesReference: 0 });
    expect(local("list")).toMatchObject({ value: expect.stringMatching(/^Array\(12345\) \[0, 1, 2.*…\]$/) as unknown, type: "Array" });
    expect(local("map").value).toMatch(/^Map\(1\) \{'k' => \{deep: .*\}\}$/);
    expect(local("point")).toMatchObject({ value: expect.stringMatching(/^Point \{.*x: 1, y: 2.*\}$/) as unknown, type: "Point" });
    expect(shown(await client.members(local("point").variablesReference))).toEqual(expect.arrayContaining(["x = 1", "y = 2", "#secret = 7"]));
    expect(shown(await client.members(local("trap").variablesReference))).toContain("poison = (getter)");
    expect(shown(await client.members(local("odd").variablesReference))).toEqual(expect.arrayContaining(["nan = NaN", "minus = -0", "big = 10n", "none = null", "missing = undefined", "re = /x/g", "error = TypeError: no", "call = ƒ call(a)"]));
    const parts = await client.members(local("list").variablesReference);
    expect([parts.length, parts[0].name, parts.at(-1)!.name]).toEqual([2, "[0 … 9999]", "[10000 … 12344]"]);
    const last = (await client.members(parts[1].variablesReference)).at(-1)!;
    expect(shown(await client.members(last.variablesReference)).at(-1)).toBe("12344 = 12344");
    const globals = await client.scope("Globals");
    expect(globals.map(({ name }) => name)).toEqual(expect.arrayContaining(["Point", "look"]));
    expect(globals.filter(({ name }) => name.startsWith("__potstill"))).toEqual([]);
    await client.ask("continue");
    await kernel.result(id);
    expect(await kernel.value("(globalThis as any).poisoned")).toBeUndefined();
  });

  it("evaluates TypeScript in a frame and in the notebook, sets variables, and says what is wrong", async () => {
    await kernel.run("let shared = { n: 1 };");
    expect(await client.ask("evaluate", { expression: "(shared as { n: number }).n + 1", context: "repl" })).toMatchObject({ result: "2", type: "number" });
    expect(await client.ask("evaluate", { expression: "{ a: 1 }" })).toMatchObject({ result: "{a: 1}" });
    await client.ask("evaluate", { expression: "let fresh: number = 5; const more = await Promise.resolve(6)" });
    expect(await kernel.value("[fresh, more]")).toBe("[ 5, 6 ]");
    await client.breakAt(code, 3);
    const id = await kernel.execute(code);
    const { frames } = await client.stopped();
    const frameId = frames[0].id;
    expect(await client.ask("evaluate", { expression: "(a as number) * c", frameId })).toMatchObject({ result: "10" });
    expect(await client.request("evaluate", { expression: "nothing + 1", frameId })).toMatchObject({ success: false, message: "ReferenceError: nothing is not defined" });
    expect(await client.request("evaluate", { expression: "a +", frameId })).toMatchObject({ success: false, message: expect.stringContaining("SyntaxError: ") as unknown });
    const { scopes } = (await client.ask("scopes", { frameId })) as { scopes: { variablesReference: number }[] };
    await client.ask("evaluate", { expression: "c = 100", frameId }).catch(() => undefined);
    expect(await client.ask("setVariable", { variablesReference: scopes[0].variablesReference, name: "a", value: "a + 40 as number" })).toMatchObject({ value: "42" });
    expect(await client.ask("evaluate", { expression: "a", frameId })).toMatchObject({ result: "42" });
    expect(await client.request("variables", { variablesReference: 99999 })).toMatchObject({ success: false, message: expect.stringContaining("99999") as unknown });
    expect(await client.request("scopes", { frameId: -1 })).toMatchObject({ success: false });
    expect(await client.request("no such thing")).toMatchObject({ success: false, message: expect.stringContaining("no such thing") as unknown });
    await client.ask("continue");
    await kernel.result(id);
    expect(await client.request("next")).toMatchObject({ success: false, message: "The kernel's thread is not stopped." });
  });

  it("lists the notebook's variables while nothing is stopped, and shows them richly", async () => {
    await kernel.run("const greeting = 'Hello'; var old = 1; globalThis.loose = [1, 2]; class Shape {}; const page = html('<b>hi</b>');");
    const { variables } = (await client.ask("inspectVariables")) as { variables: { name: string; value: string; variablesReference: number }[] };
    const found = Object.fromEntries(variables.map(({ name, value }) => [name, value]));
    expect(found).toMatchObject({ greeting: "'Hello'", old: "1", loose: "Array(2) [1, 2]", Shape: "ƒ class Shape" });
    expect(Object.keys(found).filter((name) => name.startsWith("__") || name === "console")).toEqual([]);
    const loose = variables.find(({ name }) => name === "loose")!;
    expect(shown(await client.members(loose.variablesReference))).toEqual(expect.arrayContaining(["0 = 1", "1 = 2"]));
    expect(await client.ask("richInspectVariables", { variableName: "greeting" })).toMatchObject({ data: { "text/plain": "'Hello'" } });
    expect(await client.ask("richInspectVariables", { variableName: "page" })).toMatchObject({ data: { "text/html": "<b>hi</b>" } });
    expect(await client.request("richInspectVariables", { variableName: "a b" })).toMatchObject({ success: false });
  });

  it("copies a frame's variable to the notebook's, and shows it richly there and in the frame", async () => {
    const cell = "function mine() {\n  const local = html('<p>test</p>');\n  return 1;\n}\nmine();";
    await client.breakAt(cell, 3);
    const id = await kernel.execute(cell);
    const { frames } = await client.stopped();
    await client.ask("copyToGlobals", { srcVariableName: "local", dstVariableName: "copied", srcFrameId: frames[0].id });
    const [local, copied] = [(await client.scope("Locals")).find(({ name }) => name === "local")!, (await client.scope("Globals")).find(({ name }) => name === "copied")!];
    expect([copied.value, copied.type]).toEqual([local.value, local.type]);
    expect(await client.ask("richInspectVariables", { variableName: "local", frameId: frames[0].id })).toMatchObject({ data: { "text/html": "<p>test</p>" } });
    await client.ask("continue");
    await kernel.result(id);
    expect(await kernel.value("typeof copied")).toBe("'object'");
  });

  it("stops at exceptions, if asked to: at all, or at those that nothing catches", async () => {
    const caught = "function risky(): number {\n  throw new RangeError('too far');\n}\ntry { risky(); } catch { }\n'after'";
    const uncaught = "async function later() {\n  await 0;\n  throw new TypeError('late');\n}\nawait later();";
    await client.ask("setExceptionBreakpoints", { filters: ["caught", "uncaught"] });
    const first = await kernel.execute(caught);
    const { reason, at, body } = await client.stopped();
    expect([reason, at, body.text]).toEqual(["exception", ["risky:2", "<cell>:4"], "RangeError: too far"]);
    expect(await client.ask("exceptionInfo", { threadId: 1 })).toMatchObject({ exceptionId: "RangeError", description: "RangeError: too far" });
    await client.ask("continue");
    expect((await kernel.result(first)).reply.status).toBe("ok");
    await client.ask("setExceptionBreakpoints", { filters: ["uncaught"] });
    expect((await kernel.run(caught)).reply.status).toBe("ok");
    for (const cell of [uncaught, "await 1;\nnull!.x;", "1;\nnull!.x;"]) {
      const id = await kernel.execute(cell);
      expect((await client.stopped()).reason).toBe("exception");
      await client.ask("continue");
      expect((await kernel.result(id)).reply).toMatchObject({ status: "error", ename: "TypeError" });
    }
    await client.ask("setExceptionBreakpoints", { filters: [] });
    expect((await kernel.run("null!.x")).reply.ename).toBe("TypeError");
  });

  it("pauses a loop on request", async () => {
    const id = await kernel.execute("let turns = 0;\nlet going = true;\nconsole.log('begun');\nwhile (going) {\n  turns++;\n}");
    expect(await eventually(() => text(kernel.iopub.filter(({ parent }) => parent === id)) === "begun\n", 10_000)).toBe(true);
    await client.ask("pause", { threadId: 1 });
    const { reason, frames } = await client.stopped();
    expect(reason).toBe("pause");
    await client.ask("evaluate", { expression: "going = false", frameId: frames[0].id });
    await client.ask("continue");
    expect((await kernel.result(id)).reply.status).toBe("ok");
    await client.ask("pause");
    const next = await kernel.execute("function unused() {}\n\nlet entered = 1;\nentered");
    expect(await client.stopped()).toMatchObject({ reason: "pause", at: [expect.stringMatching(/^<cell>:[13]$/)] });
    await client.ask("continue");
    expect((await kernel.result(next)).reply.status).toBe("ok");
  });

  it("honours conditions and log points", async () => {
    const cell = "for (let i = 0; i < 5; i++) {\n  const square = i * i;\n}\n'end'";
    await client.breakAt(cell, { line: 2, condition: "(i as number) === 3" });
    const id = await kernel.execute(cell);
    await client.stopped();
    expect(shown(await client.scope("Locals"))).toContain("i = 3");
    await client.ask("continue");
    await kernel.result(id);
    await client.breakAt(cell, { line: 2, logMessage: "i is {i}" });
    const { messages } = await kernel.run(cell);
    expect(text(messages)).toBe("i is 0\ni is 1\ni is 2\ni is 3\ni is 4\n");
  });

  it("stops in imported TypeScript and JavaScript files", async () => {
    const [ts, js, cjs] = ["part.ts", "plain.mjs", "old.cjs"].map((name) => join(kernel.folder, name));
    writeFileSync(ts, "interface Box { n: number }\n\nexport function open(box: Box): number {\n  const n: number = box.n;\n  return n + 1;\n}\n");
    writeFileSync(js, "export function twice(n) {\n  return 2 * n;\n}\n");
    writeFileSync(cjs, "exports.half = (n) => {\n  return n / 2;\n};\n");
    expect(await client.breakIn(ts, 3)).toEqual([4]);
    await client.breakIn(js, 2);
    await client.breakIn(cjs, 2);
    const id = await kernel.execute('import { open } from "./part.ts"; import { twice } from "./plain.mjs"; import { half } from "./old.cjs";\nhalf(twice(open({ n: 1 })));');
    for (const [path, at] of [[ts, "open:4"], [js, "twice:2"], [cjs, "exports.half:2"]]) {
      const { at: stack, frames } = await client.stopped();
      expect(stack).toEqual([at, "<cell>:2"]);
      expect(frames[0].source.path).toBe(path);
      await client.ask("continue");
    }
    expect((await kernel.result(id)).reply.status).toBe("ok");
    const { modules } = (await client.ask("modules")) as { modules: { path: string }[] };
    expect(modules.map(({ path }) => path)).toEqual(expect.arrayContaining([ts, js, cjs]));
    expect(modules.filter(({ path }) => path.includes(join("dist", "kernel")) || /notebook\.[jt]s$/.test(path))).toEqual([]);
  });

  it("stops in a file that was edited and is loaded again, at its new lines", async () => {
    const file = join(kernel.folder, "edited.ts");
    const text = "export function edited(): number {\n  return 1;\n}\n";
    const cell = 'import { edited } from "./edited.ts"; edited();';
    for (const line of [2, 5]) {
      writeFileSync(file, line === 2 ? text : `interface A { a: 1 }\ninterface B { b: 1 }\n\n${text}`);
      expect(await client.breakIn(file, line)).toEqual([line]);
      const id = await kernel.execute(cell);
      const { at, frames } = await client.stopped();
      expect([at[0], frames[0].source.path]).toEqual([`edited:${line}`, file]);
      await client.ask("continue");
      expect((await kernel.result(id)).reply.status).toBe("ok");
    }
  });

  it("answers everything else while it is stopped, and debug requests in their order", async () => {
    await client.breakAt(code, 2);
    const id = await kernel.execute(code);
    await client.stopped();
    expect(await kernel.heartbeat("alive")).toBe("alive");
    expect((await kernel.request("complete_request", { code: "Math.ab", cursor_pos: 7 })).matches).toContain("abs");
    expect(await kernel.request("kernel_info_request", {})).toMatchObject({ status: "ok" });
    const { scopes } = (await client.ask("scopes", { frameId: (await client.frames())[0].id })) as { scopes: { variablesReference: number }[] };
    const before = kernel.iopub.length;
    const replies = await Promise.all(scopes.map(({ variablesReference }) => client.ask("variables", { variablesReference })));
    expect(replies.length).toBe(scopes.length);
    // States come by another socket than the replies: the last idle may come after its reply, as may those of the requests before.
    const states = () => kernel.iopub.slice(before).filter(({ type, parent }) => type === "status" && parent !== id).map(({ content }) => content.execution_state);
    await expect.poll(() => states().length).toBeGreaterThanOrEqual(2 * scopes.length);
    await expect.poll(() => states().join()).toMatch(/^(idle,)?(busy,idle,?)+$/);
    await client.ask("continue");
    await kernel.result(id);
  });
});

describe("interrupt, restart and end while stopped", () => {
  let stopped: KernelDriver;
  let other: DebugClient;
  beforeEach(async () => {
    stopped = await KernelDriver.start();
    other = new DebugClient(stopped);
    await other.start();
  });
  afterEach(() => stopped.stop());

  it("ends the cell at once, and nothing of it runs any more", async () => {
    const cells = [
      "debugger;\nglobalThis.wrong = 1;",
      "await 0;\ndebugger;\nglobalThis.wrong = 2;",
      "while (true) {\n  debugger;\n}",
      "for (;;) {\n  try { await 0; debugger; } catch { }\n}",
    ];
    for (const cell of cells) {
      const id = await stopped.execute(cell);
      await other.stopped();
      await stopped.control("interrupt_request", {});
      expect((await stopped.result(id)).reply).toMatchObject({ status: "error", ename: "InterruptedError" });
      expect(await stopped.value("(globalThis as any).wrong")).toBeUndefined();
    }
    await other.breakAt(code, 2);
    const id = await stopped.execute(code);
    expect((await other.stopped()).at).toEqual(["f:2", "<cell>:6"]);
    await other.ask("continue");
    expect((await stopped.result(id)).reply.status).toBe("ok");
  });

  it("stops an evaluation that never ends, and can be interrupted and used afterwards", async () => {
    await other.breakAt(code, 3);
    const id = await stopped.execute(code);
    const { frames } = await other.stopped();
    expect(await other.request("evaluate", { expression: "while (true) {}", frameId: frames[0].id })).toMatchObject({ success: false, message: expect.stringContaining("longer than 5 s") as unknown });
    expect(await other.ask("evaluate", { expression: "c", frameId: frames[0].id })).toMatchObject({ result: "5" });
    await stopped.control("interrupt_request", {});
    expect((await stopped.result(id)).reply).toMatchObject({ ename: "InterruptedError" });
    await stopped.run("setTimeout(() => { debugger; }, 1)");
    await other.stopped();
    const waiting = await stopped.execute("6 * 7");
    await stopped.control("interrupt_request", {});
    expect((await stopped.result(waiting)).reply.status).toMatch(/ok|error/);
    expect(await stopped.value("6 * 7")).toBe("42");
  });

  it("goes on when the debugger is switched off, and can be attached to again", async () => {
    await other.breakAt(code, 2);
    const id = await stopped.execute(code);
    await other.stopped();
    await other.ask("disconnect", { restart: false, terminateDebuggee: false });
    expect((await stopped.result(id)).reply.status).toBe("ok");
    await other.event("terminated");
    expect(await other.ask("debugInfo")).toMatchObject({ isStarted: false, stoppedThreads: [], breakpoints: [] });
    expect((await stopped.run(code)).reply.status).toBe("ok");
    await other.start();
    await new DebugClient(stopped).start();
    await other.breakAt(code, 3);
    const again = await stopped.execute(code);
    expect((await other.stopped()).at[0]).toBe("f:3");
    await other.ask("continue");
    await stopped.result(again);
  });

  for (const restart of [false, true]) {
    it(`ends the kernel in good order (restart: ${restart})`, async () => {
      await stopped.execute("debugger;");
      await other.stopped();
      expect(await stopped.control("shutdown_request", { restart })).toMatchObject({ status: "ok", restart });
      expect(await stopped.ended()).toBe(true);
      expect([stopped.process.exitCode, stopped.log]).toEqual([0, ""]);
    });
  }

  it("hides types from JupyterLab, which would show a type it does not know in place of the value", async () => {
    const lab = new DebugClient(stopped, "jupyterlab");
    await lab.start();
    await stopped.run("let seven = 7;");
    const { variables } = (await lab.ask("inspectVariables")) as { variables: { name: string }[] };
    expect(variables.find(({ name }) => name === "seven")).toEqual({ name: "seven", value: "7", evaluateName: "seven", variablesReference: 0 });
  });
});
