import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually, KernelDriver, text } from "./kernel-driver.ts";

let kernel: KernelDriver;
let temporary: string;

beforeAll(async () => {
  kernel = new KernelDriver();
  temporary = join(kernel.folder, "tmp");
  mkdirSync(temporary);
  kernel.spawn(await kernel.writeConnectionFile(), { env: { TMPDIR: temporary } });
  await kernel.connect();
  await kernel.run('const { execSync, spawn, spawnSync } = await import("node:child_process"); const fs = await import("node:fs");');
});
afterAll(() => kernel.stop());

describe.skipIf(process.platform === "win32")("file descriptors 1 and 2", () => {
  it("a child's output lands in its cell, before the cell's idle, in order with the cell's own", async () => {
    const { messages } = await kernel.run('console.log("before"); execSync("echo out; echo err >&2", { stdio: "inherit" }); console.log("after")');
    expect(text(messages)).toBe("before\nout\nafter\n");
    expect(text(messages, "stderr")).toBe("err\n");
  });

  it("a child that opens /dev/stdout finds it there", async () => {
    const { messages } = await kernel.run('execSync("echo again > /dev/stdout; echo wrong > /dev/stderr", { stdio: "inherit" })');
    expect([text(messages), text(messages, "stderr")]).toEqual(["again\n", "wrong\n"]);
  });

  it("fifty such cells in a row each get theirs, none a neighbour's", async () => {
    const ids: string[] = [];
    for (let k = 0; k < 50; k++) ids.push(await kernel.execute(`fs.writeSync(1, "line ${k}\\n")`));
    for (const [k, id] of ids.entries()) expect(text((await kernel.result(id)).messages)).toBe(`line ${k}\n`);
  });

  it("characters cut in two by the writer arrive whole", async () => {
    const { messages } = await kernel.run('for (const byte of Buffer.from("größe 😀\\n")) { fs.writeSync(1, Buffer.of(byte)); await new Promise((done) => setTimeout(done, 2)) }');
    expect(text(messages)).toBe("größe 😀\n");
  });

  it("50 MB from a child arrive complete while the cell's thread waits for it", async () => {
    const id = await kernel.execute('execSync("yes 0123456789abcde | head -c 50000000; echo end >&2", { stdio: "inherit" }).length', {});
    const { messages } = await kernel.result(id, 60_000);
    expect(text(messages).length).toBe(50_000_000);
    expect(text(messages, "stderr")).toBe("end\n");
  }, 90_000);

  it("a child still running after its cell writes into the newest cell", async () => {
    await kernel.run('const late = spawn("cat", { stdio: ["pipe", "inherit", "inherit"] });');
    const { messages } = await kernel.run('late.stdin.end("late\\n"); await new Promise((done) => late.once("close", done))');
    expect(text(messages)).toBe("late\n");
  });

  it("a child reads nothing from its standard input, and a cell neither", async () => {
    const { messages } = await kernel.run('execSync("cat; echo done", { stdio: "inherit" }); fs.readFileSync(0, "utf8").length');
    expect(text(messages)).toBe("done\n");
    expect(messages.find((m) => m.type === "execute_result")!.content.data["text/plain"]).toBe("0");
  });

  it("worker threads of the cell print into it", async () => {
    const { messages } = await kernel.run('const { Worker } = await import("node:worker_threads"); await new Promise((done) => new Worker(\'require("node:fs").writeSync(1, "raw\\\\n"); console.log("told")\', { eval: true }).once("exit", done))');
    expect(text(messages).split("\n").sort()).toEqual(["", "raw", "told"]);
  });

  it("the pipes are nowhere in the file system, and the kernel's log is its own", async () => {
    expect(readdirSync(temporary)).toEqual([]);
    await kernel.raw(["no delimiter"]);
    await kernel.value("1");
    await eventually(() => kernel.log.endsWith("\n"), 5000);
    expect(kernel.log).toBe("potstill kernel: ignored a message: no <IDS|MSG> delimiter\n");
  });
});
