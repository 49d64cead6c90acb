import { spawn } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { alive } from "../alive.ts";
import { eventually, KernelDriver, mainFile, sleep } from "./kernel-driver.ts";

const kernels: KernelDriver[] = [];
afterEach(async () => { for (const kernel of kernels.splice(0)) await kernel.stop(); });

async function start(options: Parameters<typeof KernelDriver.start>[0] = {}): Promise<KernelDriver> {
  const kernel = await KernelDriver.start(options);
  kernels.push(kernel);
  return kernel;
}

describe("shutdown", () => {
  it.each([[false], [true]])("answers, then ends with code 0 and without a word (restart: %s)", async (restart) => {
    const kernel = await start();
    await kernel.run("1");
    expect(await kernel.control("shutdown_request", { restart })).toEqual({ status: "ok", restart });
    expect(await kernel.ended()).toBe(true);
    expect([kernel.process.exitCode, kernel.process.signalCode]).toEqual([0, null]);
    expect(kernel.log).toBe("");
    expect(kernel.iopub.filter(({ type }) => type === "shutdown_reply").map(({ content }) => content)).toEqual([{ status: "ok", restart }]);
  });

  it("ends also while a cell runs in a loop", async () => {
    const kernel = await start();
    await kernel.execute("while (true) {}");
    await sleep(100);
    await kernel.control("shutdown_request", { restart: false });
    expect(await kernel.ended()).toBe(true);
  });

  it("ends in good order while a cell asks a question that blocks its thread", async () => {
    const kernel = await start();
    await kernel.execute("prompt('name')", { allow_stdin: true });
    expect(await eventually(() => kernel.inputRequests.length === 1, 20_000)).toBe(true);
    await kernel.control("shutdown_request", { restart: false });
    expect(await kernel.ended()).toBe(true);
    expect([kernel.process.exitCode, kernel.process.signalCode, kernel.log]).toEqual([0, null, ""]);
  });
});

describe("orphans", () => {
  it.each([["idle", "1"], ["busy", "while (true) {}"]])("a kernel whose client died ends by itself (%s)", async (_state, code) => {
    const kernel = new KernelDriver();
    kernels.push(kernel);
    const file = await kernel.writeConnectionFile();
    // The client: starts the kernel, tells its pid and waits to be killed.
    const script = `const { spawn } = require("node:child_process");
      const child = spawn(process.execPath, ["--no-force-async-hooks-checks", ${JSON.stringify(mainFile)}, "--connection-file", ${JSON.stringify(file)}], { stdio: "ignore", detached: true });
      console.log(child.pid); setInterval(() => {}, 1000);`;
    kernel.process = spawn(process.execPath, ["-e", script], { env: { ...process.env, POTSTILL_TYPECHECK: "off" }, stdio: ["ignore", "pipe", "ignore"] });
    let pid = 0;
    kernel.process.stdout!.on("data", (data: Buffer) => { pid = Number(data.toString()); });
    await kernel.connect();
    await kernel.execute(code);
    await sleep(200);
    expect(alive(pid)).toBe(true);
    kernel.process.kill("SIGKILL");
    const gone = await eventually(() => !alive(pid), 5000);
    if (!gone) process.kill(pid, "SIGKILL");
    expect(gone).toBe(true);
  });

  it("dies cleanly when memory runs out", async () => {
    const kernel = await start({ env: { NODE_OPTIONS: "--max-old-space-size=120" } });
    await kernel.execute("const hoard: unknown[] = []; for (;;) hoard.push(new Array(1000).fill(Math.random()))");
    expect(await kernel.ended(20_000)).toBe(true);
    expect(alive(kernel.process.pid!)).toBe(false);
  });
});

describe("start", () => {
  it("names what is wrong with a connection file and exits with 1", async () => {
    const kernel = new KernelDriver();
    kernels.push(kernel);
    for (const [content, message] of [["{", "not JSON"], ['{"shell_port": "x"}', "shell_port"]] as const) {
      const file = join(kernel.folder, "broken.json");
      writeFileSync(file, content);
      kernel.log = "";
      kernel.spawn(file, {});
      expect(await kernel.ended()).toBe(true);
      expect(kernel.process.exitCode).toBe(1);
      await eventually(() => kernel.log.includes(message), 500);
      expect(kernel.log).toContain(message);
    }
  });

  it("names the address that it cannot listen on", async () => {
    const first = await start();
    const second = new KernelDriver();
    kernels.push(second);
    second.spawn(join(first.folder, "connection.json"), {});
    expect(await second.ended()).toBe(true);
    expect(second.process.exitCode).toBe(1);
    await eventually(() => second.log.includes("cannot"), 500);
    expect(second.log).toMatch(/cannot listen on tcp:\/\/127\.0\.0\.1:\d+/);
  });
});

describe("modules", () => {
  it("come from the notebook's folder, in TypeScript with all it has, JSON and CommonJS; packages also from Potstill", async () => {
    const kernel = new KernelDriver();
    kernels.push(kernel);
    const folder = join(kernel.folder, "notebook");
    mkdirSync(join(folder, "lib"), { recursive: true });
    const files: Record<string, string> = {
      "helper.ts": 'import { Mode } from "./lib/deep.js";\nexport { Mode };\nexport class Box { constructor(public v: number) {} }\nexport function boom(): never {\n  const x: number = 1;\n  throw new Error("from helper " + x);\n}\n',
      "lib/deep.ts": "export enum Mode { A = 1, B }\n",
      "bad.ts": "export const bad: = 3\n",
      "data.json": '{ "a": [1, 2] }',
      "common.cjs": "const made = { one: 1 }; made.two = () => 2; module.exports = made;",
      "old.cts": "const k: number = 5; export = { k };",
    };
    for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
    kernel.spawn(await kernel.writeConnectionFile(), { cwd: folder });
    await kernel.connect();
    expect(await kernel.value('import { Mode, Box } from "./helper"; [Mode.B, new Box(3).v]')).toBe("[ 2, 3 ]");
    expect(await kernel.value('import data from "./data.json"; data.a')).toBe("[ 1, 2 ]");
    expect(await kernel.value('import common, { one, two } from "./common.cjs"; [common.one, one, two()]')).toBe("[ 1, 1, 2 ]");
    expect(await kernel.value('require("./common.cjs").two() + require("./old.cts").k')).toBe("7");
    expect(await kernel.value('const os = await import("node:os"); typeof os.cpus')).toBe("'function'");
    expect(await kernel.value("[__dirname === process.cwd(), import.meta.dirname === __dirname, import.meta.url.startsWith('file:')]")).toBe("[ true, true, true ]");
    expect(await kernel.value('import { html as fromModule } from "potstill/notebook"; fromModule === html')).toBe("true");
    expect(await kernel.value('import { Command } from "commander"; typeof Command')).toBe("'function'");
    const thrown = (await kernel.run('import { boom } from "./helper.ts"; boom()')).reply;
    expect(thrown.traceback.join("\n")).toContain(`at boom (${join(folder, "helper.ts")}:6:9)`);
    expect((await kernel.run('await import("./bad.ts")')).reply.evalue).toContain("bad.ts:1:19: Type expected.");
    expect((await kernel.run('import "no-such-package-anywhere"')).reply.evalue).toContain("npm install no-such-package-anywhere");
    expect((await kernel.run('import "./missing.ts"')).reply.evalue).toContain("missing.ts");
    expect(existsSync(join(folder, "notebook.ts"))).toBe(false);
  });
});
