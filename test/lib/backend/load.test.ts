import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import { withoutNoise } from "../../../lib/backend/quiet.ts";

const module = pathToFileURL(join(import.meta.dirname, "..", "..", "..", "dist", "lib", "backend", "load.js")).href;

function run(program: string, env: Record<string, string> = {}, args: readonly string[] = []) {
  const source = `import { loadBackend } from ${JSON.stringify(module)}; import { createRequire } from "node:module"; const tf = createRequire(${JSON.stringify(module)})("@tensorflow/tfjs-core");\n${program}`;
  const clean = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(TF_|POSTSTILL_|POTSTILL_(BACKEND|THREADS|TF_LOG))/.test(name)));
  return spawnSync(process.execPath, ["--input-type=module", ...args, "-e", source], { encoding: "utf8", env: { ...clean, ...env } });
}

const print = "console.log(JSON.stringify(await loadBackend()));";

describe("loadBackend in a fresh process", () => {
  it("takes the native library without a word on stderr, and records where it computes", () => {
    const { stdout, stderr, status } = run(`${print} tf.tidy(() => { tf.conv2d(tf.ones([1, 8, 8, 3]), tf.ones([3, 3, 3, 4]), 1, "same").dataSync(); });`);
    expect(stderr).toBe("");
    expect(status).toBe(0);
    const info = JSON.parse(stdout) as Record<string, unknown>;
    expect(info).toMatchObject({ name: "tensorflow", tensorflowVersion: "2.21.0", tfjsVersion: "4.22.0", nodeVersion: process.versions.node, platform: `${process.platform}-${process.arch}`, oneDnn: true, deterministic: false });
    expect(["cpu", "cuda"]).toContain(info.device);
    expect(String(info.deviceName).length).toBeGreaterThan(2);
    expect(info.threads).toBeGreaterThanOrEqual(1);
  });

  it("shows TensorFlow's log when POTSTILL_TF_LOG asks for it", () => {
    expect(run(print, { POTSTILL_TF_LOG: "1" }).stderr).toContain("oneDNN custom operations are on");
  });

  it("leaves the environment as it was", () => {
    const names = ["TF_ENABLE_ONEDNN_OPTS", "TF_NUM_INTRAOP_THREADS", "OMP_NUM_THREADS", "TF_CPP_MIN_LOG_LEVEL", "XLA_FLAGS"];
    const { stdout } = run(`await loadBackend({ threads: 1 }); console.log(JSON.stringify(${JSON.stringify(names)}.map((name) => process.env[name] ?? null)));`, { OMP_NUM_THREADS: "3" });
    expect(JSON.parse(stdout)).toEqual([null, null, "3", null, null]);
  });

  it("keeps the user's choice against oneDNN", () => {
    expect(JSON.parse(run(print, { TF_ENABLE_ONEDNN_OPTS: "0" }).stdout)).toMatchObject({ oneDnn: false });
  });

  it("uses the threads it is told to: by option and by POTSTILL_THREADS", () => {
    const count = `const { readdirSync } = await import("node:fs"); const before = readdirSync("/proc/self/task").length;
      const info = await loadBackend(OPTIONS); tf.tidy(() => tf.matMul(tf.ones([600, 600]), tf.ones([600, 600])).dataSync());
      console.log(JSON.stringify([info.threads, readdirSync("/proc/self/task").length - before]));`;
    const threads = (options: string, env = {}) => JSON.parse(run(count.replace("OPTIONS", options), env).stdout) as [number, number];
    const one = threads("{ threads: 1 }");
    const six = threads("{}", { POTSTILL_THREADS: "6" });
    expect([one[0], six[0]]).toEqual([1, 6]);
    expect(six[1] - one[1]).toBeGreaterThanOrEqual(5);
  });

  it.each([["0"], ["two"], ["1.5"]])("refuses POTSTILL_THREADS=%s", (value) => {
    const { stderr, status } = run(print, { POTSTILL_THREADS: value });
    expect(status).not.toBe(0);
    expect(stderr).toContain(`POTSTILL_THREADS is "${value}"; allowed: a whole number`);
  });

  it("announces the fallback when nothing is set up, and computes with it", () => {
    const { stdout, stderr } = run(`${print}; console.log(tf.tidy(() => tf.sum(tf.ones([5])).dataSync()[0]));`, { POTSTILL_CACHE: "/nonexistent/potstill", POTSTILL_BINDING: "" });
    expect(stderr).toContain("Run `potstill setup`");
    expect(stderr).toContain("wasm");
    expect(stdout).toContain('"name":"wasm"');
    expect(stdout.trim().split("\n").at(-1)).toBe("5");
  });

  it.each([["wasm"], ["cpu"]])("takes %s silently when POTSTILL_BACKEND asks for it", (name) => {
    const { stdout, stderr } = run(`${print} tf.ones([2]).square().dataSync();`.replace("tf.ones([2]).square()", "tf.square(tf.ones([2]))"), { POTSTILL_BACKEND: name });
    expect(stderr).toBe("");
    expect(JSON.parse(stdout)).toMatchObject({ name, device: "cpu" });
  });

  it("refuses what it cannot do", () => {
    const refusal = (program: string, env = {}) => run(`try { await loadBackend(${program}); console.log("loaded"); } catch (error) { console.log(error.message); }`, env).stdout;
    expect(refusal("{}", { POTSTILL_BACKEND: "webgl" })).toContain('POTSTILL_BACKEND is "webgl"; allowed: native, wasm, cpu');
    expect(refusal("{ backend: 'native' }", { POTSTILL_CACHE: "/nonexistent/potstill", POTSTILL_BINDING: "" })).toContain("Run `potstill setup`");
    expect(refusal("{}", { POTSTILL_BINDING: "/nonexistent/x.node" })).toContain('POTSTILL_BINDING is "/nonexistent/x.node", which does not exist');
    expect(refusal("{ backend: 'cpu', requireGpu: true }")).toContain("a GPU is required, but TensorFlow 4.22.0 computes on the CPU");
  });

  it("is idempotent, and says so when a second call asks for something else", () => {
    const { stdout } = run(`const a = await loadBackend({ threads: 2 }), b = await loadBackend(); console.log(a === b);
      for (const options of [{ threads: 1 }, { backend: "cpu" }, { deterministic: true }]) await loadBackend(options).catch((error) => console.log(error.message));`);
    const lines = stdout.trim().split("\n");
    expect(lines[0]).toBe("true");
    expect(lines.slice(1).map((line) => /with (\w+) .* asks for (\w+)/.exec(line)?.slice(1).join(" "))).toEqual(["threads 1", "backend cpu", "deterministic true"]);
  });

  it("works in a worker thread, with the environment that C code sees", () => {
    const worker = `import { loadBackend } from ${JSON.stringify(module)}; import { parentPort } from "node:worker_threads"; parentPort.postMessage(await loadBackend({ threads: 1 }));`;
    const { stdout, stderr } = run(`const { Worker } = await import("node:worker_threads");
      const url = new URL("data:text/javascript," + encodeURIComponent(${JSON.stringify(worker)}));
      new Worker(url).once("message", (info) => console.log(JSON.stringify(info)));`);
    expect(stderr).toBe("");
    expect(JSON.parse(stdout)).toMatchObject({ name: "tensorflow", threads: 1, oneDnn: true });
  });

  it("sees the same instance through import and through the union package", () => {
    const { stdout } = run(`const core = await import(createRequire(${JSON.stringify(module)}).resolve("@tensorflow/tfjs-core")); await loadBackend(); console.log(core.getBackend(), core.engine() === tf.engine());`);
    expect(stdout.trim()).toBe("tensorflow true");
  });
});

describe("withoutNoise", () => {
  const preamble = "WARNING: All log messages before absl::InitializeLog() is called are written to STDERR\n";
  const info = "I0000 00:00:1795239142.451307    7867 port.cc:153] oneDNN custom operations are on.\n";
  const old = "2026-01-02 03:04:05.678: W tensorflow/core/x.cc:12] careful\n";
  const error = "E0000 00:00:1795239142.451307    7867 gpu.cc:1] out of memory\n";
  const cuInit = "E0000 00:00:1795239142.451307    7867 cuda_driver.cc:1] failed call to cuInit: UNKNOWN ERROR (303)\n";

  it("drops records of information and warning and the known start-up noise", () => {
    expect(withoutNoise(preamble + info + old + cuInit)).toBe("");
  });

  it("keeps errors and everything that is not TensorFlow's", () => {
    expect(withoutNoise(`mine\n${info}${error}I am no record\nlast line without end`)).toBe(`mine\n${error}I am no record\nlast line without end`);
  });
});
