import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { DeadKernelError, Kernel, findKernelSpec } from "../../../kernel/client/index.ts";
import type { Message } from "../../../kernel/protocol/messages.ts";
import { alive } from "../../alive.ts";
import { testPython } from "../../python.ts";
import { environment, installIpykernel, installSpec, temporaryFolder } from "../run/helpers.ts";

const python = testPython(["ipykernel"]);
const folder = temporaryFolder();
const env = environment(folder.path);
const started: Kernel[] = [];

beforeAll(() => {
  if (python !== undefined) installIpykernel(folder.path, python);
  installSpec(folder.path, "dies", { argv: [process.execPath, "-e", "console.error('no module named kernel'); process.exit(3)"] });
  installSpec(folder.path, "mute", { argv: [process.execPath, "-e", "setInterval(() => {}, 1000)"] });
  installSpec(folder.path, "absent", { argv: ["/no/such/program"] });
});
afterEach(async () => {
  await Promise.all(started.splice(0).map((kernel) => kernel.kill()));
});
afterAll(folder.remove);

async function launch(name: string, startTimeout = 30): Promise<Kernel> {
  const kernel = await Kernel.launch(findKernelSpec(name, env), { cwd: folder.path, env, startTimeout });
  started.push(kernel);
  return kernel;
}

const connectionFiles = (): string[] => (existsSync(join(folder.path, "runtime")) ? readdirSync(join(folder.path, "runtime")).filter((name) => name.startsWith("kernel-")) : []);

describe.skipIf(python === undefined)("a running ipykernel", () => {
  it("answers requests, delivers outputs before execute resolves, and leaves nothing behind", async () => {
    const kernel = await launch("test-python");
    expect(kernel.info).toMatchObject({ language_info: { name: "python" } });
    const [file] = connectionFiles();
    expect(statSync(join(folder.path, "runtime", file)).mode & 0o777).toBe(0o600);
    const seen: Message[] = [];
    kernel.onOutput = (message) => seen.push(message);
    const reply = await kernel.execute("for i in range(10000): print(i)\n1 + 1");
    expect(reply.content).toMatchObject({ status: "ok", execution_count: 1 });
    expect(seen.map(({ content }) => (typeof content.text === "string" ? content.text : "")).join("").split("\n")).toHaveLength(10_001);
    expect(seen.at(-1)?.content).toEqual({ execution_state: "idle" });
    expect(await kernel.responds()).toBe(true);
    await kernel.shutdown();
    expect(alive(kernel.pid)).toBe(false);
    expect(connectionFiles()).toEqual([]);
  });

  it("answers the heartbeat while busy, and is interrupted by signal", async () => {
    const kernel = await launch("test-python");
    const running = kernel.execute("import time\nwhile True: time.sleep(0.01)");
    await sleep(300);
    expect(await kernel.responds()).toBe(true);
    kernel.interrupt();
    expect((await running).content).toMatchObject({ status: "error", ename: "KeyboardInterrupt" });
  });

  it("fails what is under way when its process is killed, and says how it ended", async () => {
    const kernel = await launch("test-python");
    const running = kernel.execute("import time; time.sleep(60)");
    setTimeout(() => process.kill(kernel.pid, "SIGKILL"), 200);
    await expect(running).rejects.toThrow(/died: its process was ended by SIGKILL/);
    await expect(kernel.execute("1")).rejects.toThrow(DeadKernelError);
    expect(await kernel.responds(100)).toBe(false);
  });

  it("takes the children of the kernel along", async () => {
    const kernel = await launch("test-python");
    const printed: string[] = [];
    kernel.onOutput = ({ content }) => { if (typeof content.text === "string") printed.push(content.text); };
    await kernel.execute("import subprocess; print(subprocess.Popen(['sleep', '60']).pid)");
    const child = Number(printed.join(""));
    expect(alive(child)).toBe(true);
    await kernel.shutdown();
    await sleep(50);
    expect(alive(child)).toBe(false);
  });
});

describe("a kernel that does not start", () => {
  it.each([
    ["dies", 3600, /could not start: its process exited with code 3[^]*no module named kernel/],
    ["mute", 0.5, /did not answer within 0\.5 s/],
    ["absent", 3600, /Cannot start the kernel absent.*ENOENT/],
  ])("%s: is told without waiting for more than there is to come (limit: %d s), and leaves no file", async (name, timeout, message) => {
    await expect(launch(name, timeout)).rejects.toThrow(message);
    expect(connectionFiles()).toEqual([]);
  });

  it("is given up when the signal aborts", async () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(new Error("enough")), 200);
    await expect(Kernel.launch(findKernelSpec("mute", env), { cwd: folder.path, env, signal: controller.signal })).rejects.toThrow("enough");
  });
});
