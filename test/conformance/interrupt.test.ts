import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { busyElsewhere, endless, endlessSetup } from "./endless.ts";
import { eventually, KernelDriver, sleep, text } from "./kernel-driver.ts";

let kernel: KernelDriver;
beforeAll(async () => {
  kernel = await KernelDriver.start();
  await kernel.run(endlessSetup);
  await sleep(400); // the thread that listens for SIGINT
});
afterAll(() => kernel.stop());

async function interrupted(code: string, interrupt: () => Promise<unknown> | void) {
  // A loaded machine may take long to check a cell: what is interrupted shall be its code, some time after it began.
  const id = await kernel.execute(`console.log("begun");\n${code}`);
  const begun = () => kernel.iopub.some(({ parent, content }) => parent === id && String(content.text).startsWith("begun\n"));
  expect(await eventually(begun, 20_000)).toBe(true);
  await sleep(50);
  await interrupt();
  const result = await kernel.result(id);
  const expected = Number(await kernel.value("kept")) + 1;
  expect(await kernel.value("kept += 1; kept")).toBe(String(expected));
  return result;
}

describe.each([
  ["interrupt_request", () => kernel.control("interrupt_request", {})],
  ["SIGINT", () => { kernel.process.kill("SIGINT"); }],
])("%s", (_name, interrupt) => {
  it.each(endless)("stops %s and keeps the session", async (_title, code) => {
    const { reply } = await interrupted(code, interrupt);
    expect(reply).toMatchObject({ status: "error", ename: "InterruptedError" });
  });
});

describe("an interrupt", () => {
  const interrupt = () => kernel.control("interrupt_request", {});

  it.each(busyElsewhere)("stops %s and keeps the session", async (_title, code) => {
    const { reply } = await interrupted(code, interrupt);
    expect(reply).toMatchObject({ status: "error", ename: "InterruptedError" });
  });

  it.each([
    ["loops", "(() => { for (;;); })()"],
    ["waits", "await new Promise(() => {})"],
    ["shows a value whose bundle never comes", "({ [Symbol.for('Jupyter.display')]: () => new Promise(() => {}) })"],
  ])("ends a user expression that %s, and answers with the others", async (_title, endlessly) => {
    const id = await kernel.execute("'shown'", { user_expressions: { endlessly, short: "6 * 7" } });
    expect(await eventually(() => kernel.iopub.some(({ parent, type }) => parent === id && type === "execute_result"), 20_000)).toBe(true);
    await sleep(50);
    await interrupt();
    const { reply } = await kernel.result(id);
    expect(reply.user_expressions).toMatchObject({ endlessly: { status: "error", ename: "InterruptedError" }, short: { data: { "text/plain": "42" } } });
  });

  it("ends a loop of short waits at once, without leaving it behind", async () => {
    const { reply } = await interrupted("let rounds = 0; for (;;) { await new Promise((done) => setTimeout(done, 5)); rounds++ }", interrupt);
    expect(reply.evalue).toBe("interrupted");
    const rounds = await kernel.value("rounds");
    await sleep(100);
    expect(await kernel.value("rounds")).toBe(rounds);
  });

  it("lets functions that wait run their finally blocks, innermost first", async () => {
    const { messages } = await interrupted("async function inner() { try { await pause(1e6) } finally { console.log('inner') } }\ntry { await inner() } finally { console.log('outer') }", interrupt);
    expect(text(messages)).toBe("begun\ninner\nouter\n");
  });

  it("closes the generator of a for await", async () => {
    const { messages } = await interrupted("async function* steps() { try { while (true) { await pause(5); yield 1 } } finally { console.log('closed') } }\nfor await (const _ of steps()) {}", interrupt);
    expect(text(messages)).toBe("begun\nclosed\n");
  });

  it("aborts the running cell's signal", async () => {
    const { messages } = await interrupted("const { signal } = (globalThis as any)[Symbol.for('potstill.interrupt')]; signal.addEventListener('abort', () => console.log('aborted', signal.reason.name)); await pause(1e6)", interrupt);
    expect(text(messages)).toContain("aborted InterruptedError");
    expect(await kernel.value("(globalThis as any)[Symbol.for('potstill.interrupt')].signal.aborted")).toBe("false");
  });

  it("does nothing when no cell runs", async () => {
    expect(await interrupt()).toEqual({ status: "ok" });
    expect(await kernel.value("1")).toBe("1");
  });

  it("stops a loop that a timer started after its cell", async () => {
    await kernel.run("setTimeout(() => { while (true) {} }, 20); undefined");
    await sleep(100);
    await interrupt();
    expect(await kernel.value("'free'")).toBe("'free'");
  });

  it("survives a garbage collection after terminated cells", async () => {
    await kernel.run("const collect = (() => { require('node:v8').setFlagsFromString('--expose-gc'); return require('node:vm').runInNewContext('gc') as () => void })()");
    for (let k = 0; k < 3; k++) await interrupted("await pause(1); while (true) {}", interrupt);
    expect(await kernel.value("collect(); collect(); 'alive'")).toBe("'alive'");
  });

  it("gives code that honours the shared flag the time to stop by itself, with its finally blocks", async () => {
    const code = `const contract = (globalThis as any)[Symbol.for('potstill.interrupt')]; const flag: Int32Array = contract.flag;
function step() { const end = Date.now() + 200; while (Date.now() < end); if (Atomics.load(flag, 0) !== 0) throw Object.assign(new Error('interrupted'), { name: 'InterruptedError' }) }
try { while (true) step() } finally { console.log('unwound') }`;
    const { reply, messages } = await interrupted(code, interrupt);
    expect(text(messages)).toBe("begun\nunwound\n");
    expect([reply.ename, reply.evalue]).toEqual(["InterruptedError", "interrupted"]);
  });

  it("says that TensorFlow's state may be lost when such code had to be stopped by force", async () => {
    const { reply } = await interrupted("while (true) {}", interrupt);
    expect(reply.evalue).toContain("TensorFlow's state may be lost");
  });
});
