// The history of cells: within a session, and across restarts (the peers answer with nothing, or not at all).
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { KernelDriver } from "./kernel-driver.ts";

let folder: string;
beforeAll(() => { folder = mkdtempSync(join(tmpdir(), "potstill-history-")); });
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const kernels: KernelDriver[] = [];
afterEach(async () => { for (const kernel of kernels.splice(0)) await kernel.stop(); });

async function start(env: Record<string, string>): Promise<KernelDriver> {
  const kernel = await KernelDriver.start({ env });
  kernels.push(kernel);
  return kernel;
}

async function ask(kernel: KernelDriver, request: object): Promise<unknown> {
  const reply = await kernel.request("history_request", { output: false, raw: true, ...request });
  expect(reply.status).toBe("ok");
  return reply.history;
}

async function end(kernel: KernelDriver): Promise<void> {
  await kernel.control("shutdown_request", { restart: false });
  expect(await kernel.ended()).toBe(true);
}

it("keeps cells across restarts in a file for its owner alone", async () => {
  const env = { JUPYTER_DATA_DIR: join(folder, "data"), POTSTILL_HISTORY: "" };
  const first = await start(env);
  await first.run("let a = 1");
  await first.run("a + 1");
  expect(await ask(first, { hist_access_type: "range", session: 0 })).toEqual([[1, 1, "let a = 1"], [1, 2, "a + 1"]]);
  await first.run("'at once'");
  await end(first); // what was not written yet is written now
  const file = join(folder, "data", "potstill", "history.jsonl");
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readFileSync(file, "utf8").trim().split("\n")).toHaveLength(3);
  const second = await start(env);
  expect(await ask(second, { hist_access_type: "tail", n: 2 })).toEqual([[1, 2, "a + 1"], [1, 3, "'at once'"]]);
  await second.run("'again'");
  expect(await ask(second, { hist_access_type: "range", session: -1, start: 2, stop: 3 })).toEqual([[1, 2, "a + 1"]]);
  expect(await ask(second, { hist_access_type: "range", session: 2 })).toEqual([[2, 1, "'again'"]]);
  expect(await ask(second, { hist_access_type: "search", pattern: "*a*", n: 1 })).toEqual([[2, 1, "'again'"]]);
});

it("keeps what ran and was counted: no silent, unstored or blank cells; those that failed too", async () => {
  const kernel = await start({ POTSTILL_HISTORY: "history.jsonl" });
  const run = async (code: string, options: object = {}) => (await kernel.run(code, options)).reply.execution_count;
  expect(await run("1 + 1")).toBe(1);
  expect(await run("2 + 2", { store_history: false })).toBe(1);
  expect(await run("3 + 3", { silent: true })).toBe(1);
  expect(await run(" \n")).toBe(1);
  expect(await run("throw new Error('x')")).toBe(2);
  expect(await run("let a b")).toBe(3);
  expect(await ask(kernel, { hist_access_type: "tail", n: 10, output: true })).toEqual([
    [1, 1, ["1 + 1", "2"]], [1, 2, ["throw new Error('x')", null]], [1, 3, ["let a b", null]],
  ]);
  expect(statSync(join(kernel.folder, "history.jsonl")).isFile()).toBe(true);
});

it("shows a cell that is not stored under the next number, as ipykernel does", async () => {
  const kernel = await start({});
  await kernel.run("1");
  const { messages, reply } = await kernel.run("2", { store_history: false });
  const counts = messages.filter(({ type }) => type.startsWith("execute_")).map(({ content }) => content.execution_count);
  expect([...counts, reply.execution_count]).toEqual([2, 2, 1]);
  expect((await kernel.run("3")).reply.execution_count).toBe(2);
});

it("remembers this session alone when it is off, and writes nothing", async () => {
  const data = join(folder, "untouched");
  const kernel = await start({ POTSTILL_HISTORY: "off", JUPYTER_DATA_DIR: data });
  await kernel.run("1 + 1");
  expect(await ask(kernel, { hist_access_type: "tail", n: 5 })).toEqual([[1, 1, "1 + 1"]]);
  await end(kernel);
  expect(() => statSync(data)).toThrow("ENOENT");
});

it("works without a place to write, and says so once in the kernel's own log", async () => {
  const blocked = join(folder, "a-file");
  writeFileSync(blocked, "");
  const kernel = await start({ POTSTILL_HISTORY: join(blocked, "history.jsonl") });
  await kernel.run("1 + 1");
  expect(await ask(kernel, { hist_access_type: "tail" })).toEqual([[1, 1, "1 + 1"]]);
  await kernel.run("2 + 2");
  expect(await ask(kernel, { hist_access_type: "tail" })).toEqual([[1, 1, "1 + 1"], [1, 2, "2 + 2"]]);
  await end(kernel);
  expect(kernel.log.match(/the history is not kept in .*a-file.*set POTSTILL_HISTORY to/g)).toHaveLength(1);
});

it("says what is wrong with a request", async () => {
  const kernel = await start({});
  const reply = await kernel.request("history_request", { hist_access_type: "everything" });
  expect(reply).toMatchObject({ status: "error", ename: "TypeError", evalue: expect.stringContaining('hist_access_type is "everything", expected') as string });
});
