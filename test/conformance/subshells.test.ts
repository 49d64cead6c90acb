// Subshells (JEP 91): cells of one shell start while a cell of another waits. No other JavaScript kernel has them.
import { afterEach, beforeAll, afterAll, describe, expect, it } from "vitest";
import { eventually, KernelDriver, text } from "./kernel-driver.ts";
import type { Wire } from "./kernel-driver.ts";

let kernel: KernelDriver;
beforeAll(async () => { kernel = await KernelDriver.start(); });
afterAll(() => kernel.stop());
afterEach(async () => {
  for (const id of await list()) await kernel.control("delete_subshell_request", { subshell_id: id });
});

const patience = 20_000;
const create = async (): Promise<string> => (await kernel.control("create_subshell_request", {}, patience)).subshell_id as string;
const list = async (): Promise<string[]> => (await kernel.control("list_subshell_request", {}, patience)).subshell_id as string[];
const execute = (code: string, subshell: string | null, options: object = {}): Promise<string> => kernel.execute(code, options, { subshell_id: subshell });
const of = (id: string): Wire[] => kernel.iopub.filter(({ parent }) => parent === id);
const result = async (id: string): Promise<string | undefined> => (await kernel.result(id)).messages.find(({ type }) => type === "execute_result")?.content.data["text/plain"];

/** Starts a cell that prints "begun" and waits until `globalThis.open(name)` is called. */
async function waiting(name: string, subshell: string | null, rest = `"ended"`): Promise<string> {
  const id = await execute(`globalThis.gates ??= {}; globalThis.open ??= (name) => globalThis.gates[name](); console.log("begun"); await new Promise((go) => { globalThis.gates["${name}"] = go }); ${rest}`, subshell);
  expect(await eventually(() => text(of(id)).includes("begun"), patience)).toBe(true);
  return id;
}

describe("management", () => {
  it("creates, lists and deletes subshells; says which are unknown", async () => {
    expect(await list()).toEqual([]);
    const [one, two] = [await create(), await create()];
    expect(one).not.toBe(two);
    expect((await list()).sort()).toEqual([one, two].sort());
    expect(await kernel.control("delete_subshell_request", { subshell_id: one })).toEqual({ status: "ok" });
    expect(await list()).toEqual([two]);
    for (const id of [one, "never", undefined, 7]) {
      expect(await kernel.control("delete_subshell_request", { subshell_id: id })).toMatchObject({ status: "error", ename: "UnknownSubshellError", evalue: expect.stringContaining("Unknown subshell_id") as string });
    }
    expect(await list()).toEqual([two]);
  });

  it("refuses requests to a subshell that is not there, between busy and idle, and runs nothing", async () => {
    for (const [type, content] of [["execute_request", { code: "globalThis.ran = true" }], ["complete_request", { code: "a", cursor_pos: 1 }]] as const) {
      const id = await kernel.send(type, content, "shell", { subshell_id: "gone" });
      const { reply } = await kernel.result(id);
      expect(reply).toMatchObject({ status: "error", ename: "UnknownSubshellError", evalue: expect.stringContaining('"gone"') as string });
      expect(of(id).map(({ content }) => content.execution_state)).toEqual(["busy", "idle"]);
    }
    expect(await kernel.value("typeof (globalThis as any).ran")).toBe("'undefined'");
  });

  it("takes a subshell_id of null for the parent shell", async () => {
    expect(await result(await execute("1 + 1", null))).toBe("2");
  });
});

describe("cells", () => {
  it("run while the parent shell's cell waits, with their own replies, outputs and parents; all share one scope", async () => {
    const subshell = await create();
    const slow = await waiting("slow", null, `console.log("late"); typeof fromSubshell`);
    const quick = await execute(`let fromSubshell = 1; console.log("quick"); open("slow"); 42`, subshell);
    expect(await result(quick)).toBe("42");
    expect(await result(slow)).toBe("'number'");
    expect(text(of(quick))).toBe("quick\n");
    expect(text(of(slow))).toBe("begun\nlate\n");
    for (const id of [slow, quick]) {
      const states = of(id).filter(({ type }) => type === "status").map(({ content }) => content.execution_state);
      expect([states[0], states.at(-1)]).toEqual(["busy", "idle"]);
    }
    expect((await kernel.run("1")).reply.execution_count).toBe((await kernel.result(quick)).reply.execution_count + 1);
  });

  it("run one after another within a shell, also in a subshell", async () => {
    const subshell = await create();
    const first = await waiting("first", subshell);
    const second = await execute(`"second"`, subshell);
    const elsewhere = await execute(`"elsewhere"`, null);
    await kernel.result(elsewhere);
    expect(of(second)).toEqual([]);
    await kernel.run(`open("first")`);
    expect([await result(first), await result(second)]).toEqual(["'ended'", "'second'"]);
  });

  it("abort the queue of their own shell alone when they fail", async () => {
    const [one, two] = [await create(), await create()];
    const failing = await waiting("failing", one, "throw new Error('x')");
    const doomed = await execute("1", one);
    const other = await waiting("other", two);
    const spared = await execute("'spared'", two);
    await kernel.run(`open("failing")`);
    expect((await kernel.result(failing)).reply).toMatchObject({ status: "error", evalue: "x" });
    expect((await kernel.result(doomed)).reply).toEqual({ status: "aborted" });
    await kernel.run(`open("other")`);
    expect([await result(other), await result(spared)]).toEqual(["'ended'", "'spared'"]);
  });

  it("go on to their end when their subshell is deleted; those that wait are aborted", async () => {
    const subshell = await create();
    const running = await waiting("running", subshell);
    const queued = await execute("1", subshell);
    await kernel.control("delete_subshell_request", { subshell_id: subshell });
    expect((await kernel.result(queued)).reply).toEqual({ status: "aborted" });
    await kernel.run(`open("running")`);
    expect(await result(running)).toBe("'ended'");
  });

  it("are all stopped by an interrupt, also one that does not wait; the shells go on", async () => {
    const [one, two] = [await create(), await create()];
    const cells = [await waiting("a", null), await waiting("b", one)];
    const loop = await execute(`console.log("looping"); while (true) {}`, two);
    expect(await eventually(() => text(of(loop)).includes("looping"), patience)).toBe(true);
    await kernel.control("interrupt_request", {});
    for (const id of [...cells, loop]) expect((await kernel.result(id)).reply.ename).toBe("InterruptedError");
    for (const shell of [null, one, two]) expect(await result(await execute("6 * 7", shell))).toBe("42");
  });

  it("ask their own clients, and each gets its own answer", async () => {
    const subshell = await create();
    const before = kernel.inputRequests.length;
    const cells = [await execute("await input('parent? ')", null, { allow_stdin: true }), await execute("await input('subshell? ')", subshell, { allow_stdin: true })];
    expect(await eventually(() => kernel.inputRequests.length === before + 2, patience)).toBe(true);
    const asked = kernel.inputRequests.slice(before).reverse();
    for (const { content, parent, header } of asked) {
      expect(parent).toBe(cells[content.prompt === "parent? " ? 0 : 1]);
      const { frames } = kernel.frames("input_reply", { value: `to ${String(content.prompt)}` });
      await kernel.raw(kernel.withParent(frames, header), "stdin");
    }
    expect(await result(cells[0])).toBe("'to parent? '");
    expect(await result(cells[1])).toBe("'to subshell? '");
  });

  it("end with the kernel", async () => {
    const own = await KernelDriver.start();
    const subshell = (await own.control("create_subshell_request", {}, patience)).subshell_id;
    await own.execute("await new Promise(() => {})", {}, { subshell_id: subshell });
    await own.control("shutdown_request", { restart: false }, patience);
    expect(await own.ended(patience)).toBe(true);
    await own.stop();
  });
});
