import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { alive } from "../alive.ts";
import { eventually, KernelDriver, text } from "./kernel-driver.ts";
import type { DriverOptions } from "./kernel-driver.ts";

const kernels: KernelDriver[] = [];
const strays: number[] = [];
afterEach(async () => {
  for (const kernel of kernels.splice(0)) await kernel.stop();
  for (const pid of strays.splice(0)) if (alive(pid)) process.kill(pid, "SIGKILL");
});

async function start(options: DriverOptions = {}): Promise<KernelDriver> {
  const kernel = new KernelDriver();
  kernels.push(kernel);
  mkdirSync(join(kernel.folder, "tmp"));
  kernel.spawn(await kernel.writeConnectionFile(), { detached: true, ...options, env: { TMPDIR: join(kernel.folder, "tmp"), ...options.env } });
  await kernel.connect();
  return kernel;
}

/** Starts two children from a cell, one of them in a group of its own. */
async function startChildren(kernel: KernelDriver): Promise<{ plain: number; detached: number }> {
  const code = (options: string) => `(await import("node:child_process")).spawn("sleep", ["300"], { stdio: "ignore", ${options} }).pid`;
  const [plain, detached] = [Number(await kernel.value(code(""))), Number(await kernel.value(code("detached: true")))];
  strays.push(plain, detached);
  expect([alive(plain), alive(detached)]).toEqual([true, true]);
  return { plain, detached };
}

const ends: readonly [string, (kernel: KernelDriver) => unknown][] = [
  ["a shutdown", (kernel) => kernel.control("shutdown_request", { restart: false })],
  ["SIGTERM", (kernel) => kernel.process.kill("SIGTERM")],
  ["SIGHUP", (kernel) => kernel.process.kill("SIGHUP")],
  ["SIGKILL", (kernel) => kernel.process.kill("SIGKILL")],
  ["process.abort()", (kernel) => kernel.execute("process.abort()")],
];

describe.skipIf(process.platform === "win32")("the children of cells", () => {
  it.each(ends)("end with the kernel after %s; detached ones stay", async (_name, end) => {
    const kernel = await start();
    const { plain, detached } = await startChildren(kernel);
    await end(kernel);
    expect(await kernel.ended(10_000)).toBe(true);
    expect(await eventually(() => !alive(plain), 10_000)).toBe(true);
    expect(alive(detached)).toBe(true);
    expect(readdirSync(join(kernel.folder, "tmp"))).toEqual([]);
  });

  it("end also when a cell waits for one, and when they do not heed SIGTERM", async () => {
    const kernel = await start({ detached: false });
    const file = join(kernel.folder, "pid");
    await kernel.execute(`require("node:child_process").execSync("trap '' TERM; echo $$ > ${file}; while :; do sleep 1; done", { stdio: "ignore" })`);
    expect(await eventually(() => existsSync(file) && readFileSync(file, "utf8").endsWith("\n"), 10_000)).toBe(true);
    const pid = Number(readFileSync(file, "utf8"));
    strays.push(pid);
    await kernel.control("shutdown_request", { restart: true });
    expect(await kernel.ended(10_000)).toBe(true);
    expect(await eventually(() => !alive(pid), 10_000)).toBe(true);
  });
});

describe("a shutdown", () => {
  it("runs the user's exit handlers, and goes on when one throws", async () => {
    const kernel = await start();
    const note = join(kernel.folder, "note");
    await kernel.run(`const { appendFileSync } = await import("node:fs");
      process.on("beforeExit", () => appendFileSync(${JSON.stringify(note)}, "before "));
      process.on("exit", () => { appendFileSync(${JSON.stringify(note)}, "exit"); throw new Error("no") });`);
    await kernel.control("shutdown_request", { restart: false });
    expect(await kernel.ended(10_000)).toBe(true);
    expect(kernel.process.exitCode).toBe(0);
    expect(readFileSync(note, "utf8")).toBe("before exit");
  });

  it("does not wait for ever for an exit handler", async () => {
    const kernel = await start();
    await kernel.run('process.on("exit", () => { for (;;); })');
    await kernel.control("shutdown_request", { restart: false });
    expect(await kernel.ended(10_000)).toBe(true);
    expect(kernel.process.signalCode).toBe("SIGKILL");
  });

  it("by SIGTERM reaches a kernel in a loop", async () => {
    const kernel = await start();
    const begun = join(kernel.folder, "begun");
    await kernel.execute(`require("node:fs").writeFileSync(${JSON.stringify(begun)}, ""); for (;;);`);
    expect(await eventually(() => existsSync(begun), 10_000)).toBe(true);
    kernel.process.kill("SIGTERM");
    expect(await kernel.ended(10_000)).toBe(true);
  });
});

describe("a crash", () => {
  it.each([["process.abort()", "SIGABRT"], ['process.kill(process.pid, "SIGKILL")', "SIGKILL"]])("by %s ends the process, which clients notice", async (code, signal) => {
    const kernel = await start();
    await kernel.execute(code);
    expect(await kernel.ended(10_000)).toBe(true);
    expect(kernel.process.signalCode).toBe(signal);
  });

  it("for want of memory is announced in the kernel's log, in V8's words", async () => {
    const kernel = await start({ env: { NODE_OPTIONS: "--max-old-space-size=120" } });
    await kernel.execute("const hoard: unknown[] = []; for (;;) hoard.push(new Array(1000).fill(Math.random()))");
    expect(await kernel.ended(30_000)).toBe(true);
    await eventually(() => kernel.log.includes("FATAL"), 5000);
    expect(kernel.log).toContain("heap out of memory");
  });

  it("leaves its last words in the kernel's log, also when no thread had time to read them", async () => {
    const kernel = new KernelDriver();
    kernels.push(kernel);
    // A preload that stops the wire thread when the cell asks for it.
    const [preload, flag] = [join(kernel.folder, "busy.cjs"), join(kernel.folder, "stop")];
    writeFileSync(preload, `const { workerData } = require("node:worker_threads");
      if (workerData && "connection" in workerData) setInterval(() => {
        if (require("node:fs").existsSync(${JSON.stringify(flag)})) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
      }, 5).unref();`);
    kernel.spawn(await kernel.writeConnectionFile(), { env: { NODE_OPTIONS: `--require ${preload}` } });
    await kernel.connect();
    await kernel.execute(`const { writeFileSync, writeSync } = await import("node:fs");
      writeFileSync(${JSON.stringify(flag)}, "");
      for (const begun = Date.now(); Date.now() < begun + 500;);
      writeSync(2, "FATAL ERROR: the last words\\n");
      process.kill(process.pid, "SIGKILL");`);
    expect(await kernel.ended(10_000)).toBe(true);
    expect(await eventually(() => kernel.log.includes("FATAL ERROR: the last words"), 5000)).toBe(true);
  });
});

describe("the language thread", () => {
  it("when it dies again and again: cells run on unchecked, with one message for each reason", async () => {
    const kernel = new KernelDriver();
    kernels.push(kernel);
    // A preload that ends the thread with the language service, and only that.
    const preload = join(kernel.folder, "saboteur.cjs");
    writeFileSync(preload, 'const { workerData } = require("node:worker_threads"); if (workerData && "committed" in workerData) process.exit(7);');
    kernel.spawn(await kernel.writeConnectionFile(), { env: { POTSTILL_TYPECHECK: "error", NODE_OPTIONS: `--require ${preload}` } });
    await kernel.connect();
    const complaints: string[] = [];
    for (let k = 0; k < 6; k++) {
      const { reply, messages } = await kernel.run(`const x${k}: string = ${k}; x${k}`);
      expect(reply.status).toBe("ok");
      if (text(messages, "stderr") !== "") complaints.push(text(messages, "stderr"));
    }
    expect(complaints[0]).toContain("The cell's types were not checked: The language thread ended with code 7.");
    expect(complaints.at(-1)).toContain("times in a row");
    expect(complaints.length).toBeLessThan(5);
  });
});
