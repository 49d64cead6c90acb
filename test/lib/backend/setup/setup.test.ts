import { spawn, spawnSync } from "node:child_process";
import { appendFileSync, copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { setUp, type SetupOptions } from "../../../../lib/backend/setup/setup.ts";
import type { Reporter } from "../../../../lib/backend/setup/progress.ts";
import { fakeLibrary, fakeRuntime, fakeWheel, onlyIndex, scratch } from "./fake.ts";

const require = createRequire(import.meta.url);
const base = scratch();
const fake = fakeRuntime(base);
const answer = (binding: string) => (require(binding) as { answer: number }).answer;
let cache: string;
let notes: string[];
let bars: [string, number, number | undefined][];
const reporter: Reporter = { note: (line) => notes.push(line), bytes: (...bar) => bars.push(bar), end: () => undefined };

function make(options: SetupOptions = {}) {
  return setUp({ cache, reporter, plan: fake.plan, addons: fake.addons, verify: async () => undefined, ...options });
}

/** Puts the wheel where a stopped set-up leaves it whole, so that pip has nothing to do. */
function seed(): void {
  mkdirSync(join(cache, "downloads"), { recursive: true });
  copyFileSync(join(fake.index, fake.plan.wheels[0].file), join(cache, "downloads", fake.plan.wheels[0].file));
}

/** Everything in the cache but what a finished set-up leaves. */
function leftovers(): string[] {
  if (!existsSync(cache)) return [];
  const inside = (folder: string) => (existsSync(join(cache, folder)) ? readdirSync(join(cache, folder)) : []);
  return [...inside("tmp"), ...inside("downloads"), ...readdirSync(cache).filter((name) => name.includes("lock"))];
}

/** Every file of the cache with the time of its last change. */
function inventory(): [string, number][] {
  return readdirSync(cache, { recursive: true }).map((name) => [String(name), statSync(join(cache, String(name))).mtimeMs]);
}

beforeAll(() => { for (const [name, value] of Object.entries(onlyIndex(fake.index))) vi.stubEnv(name, value); });
beforeEach(() => { [cache, notes, bars] = [join(scratch(), "cache"), [], []]; });
afterEach(() => { rmSync(join(cache, ".."), { recursive: true, force: true }); });
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(base, { recursive: true, force: true });
});

describe("setUp", () => {
  it("downloads, unpacks only what is needed, compiles, and the binding finds its library wherever the cache is moved", async () => {
    const runtime = await make();
    expect(runtime.made).toBe(true);
    expect(answer(runtime.binding)).toBe(42);
    const files = readdirSync(runtime.folder, { recursive: true }).map(String).sort();
    expect(files).toContain("tensorflow/libtensorflow_framework.so.2");
    expect(files).toContain("tensorflow/include/tensorflow/c/c_api.h");
    expect(files.some((name) => name.includes("python"))).toBe(false);
    expect(leftovers()).toEqual([]);
    expect(bars.find(([label]) => label.startsWith("Downloading"))).toBeDefined();
    const unpacked = bars.filter(([label]) => label === "Unpacking").at(-1)!;
    expect(unpacked[1]).toBe(unpacked[2]);
    renameSync(cache, `${cache}-moved`);
    const moved = runtime.binding.replace(cache, `${cache}-moved`);
    const { stdout } = spawnSync(process.execPath, ["-p", `require(${JSON.stringify(moved)}).answer`], { encoding: "utf8" });
    expect(stdout.trim()).toBe("42");
  });

  it("does nothing the second time: no network, no Python, no compiler", async () => {
    seed();
    await make();
    const before = inventory();
    [notes, bars] = [[], []];
    const verify = vi.fn(async () => undefined);
    vi.stubEnv("PATH", "/nonexistent"); // any program that was called would be missed
    try {
      expect((await make({ verify })).made).toBe(false);
      expect([notes, bars, verify.mock.calls]).toEqual([[], [], []]);
      expect(inventory()).toEqual(before);
    } finally {
      vi.unstubAllEnvs();
      for (const [name, value] of Object.entries(onlyIndex(fake.index))) vi.stubEnv(name, value);
    }
  });

  it("compiles again without a download when only the binding's source has changed, and makes all anew with force", async () => {
    seed();
    const first = await make();
    appendFileSync(fake.addons[0].sources[0], "// another line\n");
    bars = [];
    const second = await make();
    expect(second.binding).not.toBe(first.binding);
    expect(second.made).toBe(true);
    expect(bars).toEqual([]);
    expect((await make({ force: true })).made).toBe(true);
    expect(bars.some(([label]) => label.startsWith("Downloading"))).toBe(true);
    expect(leftovers()).toEqual([]);
  });

  it("refuses a file that is not the pinned one, naming it, both hashes and the remedy, and recovers", async () => {
    const wheel = join(fake.index, fake.plan.wheels[0].file);
    const good = readFileSync(wheel);
    const actual = /[0-9a-f]{64}/;
    try {
      appendFileSync(wheel, "x");
      const error = await make().then(() => undefined, (reason: Error) => reason);
      expect(error?.message).toContain(join(cache, "downloads", fake.plan.wheels[0].file));
      expect(error?.message).toContain(`expected ${fake.plan.wheels[0].sha256}`);
      expect(error?.message).toMatch(actual);
      expect(error?.message).toContain("Run `potstill setup` again");
      expect(existsSync(join(cache, "tensorflow"))).toBe(false);
    } finally {
      writeFileSync(wheel, good);
    }
    expect((await make()).made).toBe(true);
    expect(notes.join()).toContain("is not the pinned file");
    expect(leftovers()).toEqual([]);
  });

  it("says what pip said when there is no such file, and how to mend it", async () => {
    vi.stubEnv("PIP_FIND_LINKS", join(base, "empty"));
    mkdirSync(join(base, "empty"), { recursive: true });
    await expect(make()).rejects.toThrow(/downloading fake-tensorflow==1\.0 with pip failed \(exit code 1\):[\s\S]*No matching distribution[\s\S]*pip config list/);
    vi.stubEnv("PIP_FIND_LINKS", fake.index);
    expect(leftovers()).toEqual([]);
  });

  it("says which package is missing: compiler, Python, pip", async () => {
    const bin = join(base, "bin");
    mkdirSync(bin, { recursive: true });
    const tool = (name: string, body: string) => { writeFileSync(join(bin, name), `#!/bin/sh\n${body}\n`, { mode: 0o755 }); };
    const path = process.env.PATH!;
    try {
      vi.stubEnv("PATH", bin);
      await expect(make()).rejects.toThrow(/no C\+\+ compiler found \(tried c\+\+, g\+\+, clang\+\+\).*apt-get install g\+\+/);
      tool("g++", "echo g++ 12");
      await expect(make()).rejects.toThrow(/no Python found.*apt-get install python3 python3-pip/);
      tool("python3", `[ "$1" = --version ] && echo Python 3.11 || exit 1`);
      await expect(make()).rejects.toThrow(/python3 \(Python 3\.11\) has no pip.*apt-get install python3-pip/);
      vi.stubEnv("CXX", "no-such-compiler -x");
      await expect(make()).rejects.toThrow('CXX is "no-such-compiler -x", which does not run');
    } finally {
      vi.stubEnv("PATH", path);
      vi.stubEnv("CXX", "");
    }
    expect(leftovers()).toEqual([]);
  });

  it("shows the compiler's errors, and leaves nothing half-made but the library", async () => {
    seed();
    const broken = join(base, "addon", "broken.cc");
    writeFileSync(broken, "int main( {\n");
    await expect(make({ addons: [{ ...fake.addons[0], sources: [broken] }] })).rejects.toThrow(/compiling fake_binding with .*\n?.*broken\.cc:1/);
    expect(existsSync(join(cache, "bindings"))).toBe(false);
    expect(leftovers()).toEqual([]);
  });

  it("puts nothing in place when the fresh binding does not load", async () => {
    seed();
    await expect(make({ verify: () => Promise.reject(new Error("it does not load")) })).rejects.toThrow("it does not load");
    expect(existsSync(join(cache, "bindings"))).toBe(false);
  });

  it("says when the cache cannot be written", async () => {
    await expect(make({ cache: "/dev/null/cache" })).rejects.toThrow(/the cache \/dev\/null\/cache cannot be written \(.*ENOTDIR.*POTSTILL_CACHE/);
    if (process.platform === "linux") await expect(make({ cache: "/proc/potstill/cache" })).rejects.toThrow(/the cache \/proc\/potstill\/cache cannot be written \(no folder can be made in \/proc .*POTSTILL_CACHE/);
  });

  it("checks the space before it starts", async () => {
    await expect(make({ plan: { ...fake.plan, bytes: 1e18 } })).rejects.toThrow(/not enough disk space.*1000000000\.0 GB needed.*POTSTILL_CACHE/);
    expect(leftovers()).toEqual([]);
  });

  it.skipIf(process.getuid?.() !== 0)("tells a full disk as such and leaves no half state", async () => {
    const disk = scratch();
    const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=256k", "tmpfs", disk], { encoding: "utf8" });
    if (mounted.status !== 0) return console.warn(`SKIPPED: no tmpfs can be mounted here (${mounted.stderr.trim()})`);
    try {
      const noise = join(base, "noise");
      spawnSync("dd", ["if=/dev/urandom", `of=${noise}`, "bs=1k", "count=400"]);
      const wheel = fakeWheel(join(base, "big"), "big-tensorflow", { "tensorflow/libtensorflow_cc.so.2": `file:${noise}` }, { take: ["tensorflow/"] });
      vi.stubEnv("PIP_FIND_LINKS", join(base, "big"));
      await expect(make({ cache: join(disk, "cache"), plan: { ...fake.plan, bytes: 1000, wheels: [wheel] } })).rejects.toThrow(/no space left on the disk of .*POTSTILL_CACHE/);
      expect(readdirSync(join(disk, "cache")).filter((name) => name !== "downloads")).toEqual([]);
    } finally {
      vi.stubEnv("PIP_FIND_LINKS", fake.index);
      spawnSync("umount", [disk]);
      rmSync(disk, { recursive: true, force: true });
    }
  });

  it("lays a CUDA runtime out as site-packages would: the library finds nvidia/*/lib by its own run path", async () => {
    const build = join(base, "cuda");
    const index = join(base, "cuda-index");
    const blas = fakeLibrary(join(build, "nvidia/cublas/lib/libfakeblas.so.12"), `extern "C" int blas() { return 12; }`, ["-Wl,-soname,libfakeblas.so.12"]);
    const cc = fakeLibrary(join(build, "libtensorflow_cc.so.2"), `extern "C" int blas(); extern "C" int answer() { return blas() + 1; }`, ["-Wl,-soname,libtensorflow_cc.so.2", "-Wl,-rpath,$ORIGIN/../nvidia/cublas/lib", blas]);
    const framework = fakeLibrary(join(build, "libtensorflow_framework.so.2"), "");
    const wheels = [
      fakeWheel(index, "fake-tensorflow", { "tensorflow/libtensorflow_cc.so.2": `file:${cc}`, "tensorflow/libtensorflow_framework.so.2": `file:${framework}` }, { take: ["tensorflow/"] }),
      fakeWheel(index, "nvidia-fakeblas-cu12", { "nvidia/cublas/lib/libfakeblas.so.12": `file:${blas}`, "nvidia/cublas/include/x.h": "//", "nvidia/cuda_nvcc/bin/ptxas": `file:${blas}` }, { take: ["nvidia/"], skip: ["/include/"] }, "py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64"),
    ];
    vi.stubEnv("PIP_FIND_LINKS", index);
    try {
      const runtime = await make({ plan: { ...fake.plan, device: "cuda", wheels } });
      const files = readdirSync(runtime.folder, { recursive: true }).map(String);
      expect(files).toContain("nvidia/cublas/lib/libfakeblas.so.12");
      expect(files).not.toContain("nvidia/cublas/include/x.h");
      expect(spawnSync("test", ["-x", join(runtime.folder, "nvidia/cuda_nvcc/bin/ptxas")]).status).toBe(0);
      rmSync(build, { recursive: true });
      const { stdout } = spawnSync(process.execPath, ["-p", `require(${JSON.stringify(runtime.binding)}).answer`], { encoding: "utf8" });
      expect(stdout.trim()).toBe("13");
      expect(leftovers()).toEqual([]);
    } finally {
      vi.stubEnv("PIP_FIND_LINKS", fake.index);
    }
  });
});

describe("processes", () => {
  const module = pathToFileURL(join(import.meta.dirname, "../../../../dist/lib/backend/setup/setup.js")).href;
  const program = (before = "") => `
    import { setUp } from ${JSON.stringify(module)};
    const reporter = { note: (line) => console.log(line), bytes: (label) => { ${before} console.log(label); }, end() {} };
    const { made } = await setUp({ cache: ${JSON.stringify(cache)}, reporter, plan: ${JSON.stringify(fake.plan)}, addons: ${JSON.stringify(fake.addons)}, verify: async () => {} });
    console.log("made", made);`;
  const start = (source: string) => spawn(process.execPath, ["--input-type=module", "-e", source], { env: { ...process.env, ...onlyIndex(fake.index) } });
  const end = (child: ReturnType<typeof start>) => new Promise<{ output: string; code: number | null }>((resolve) => {
    let output = "";
    child.stdout.on("data", (text: Buffer) => { output += text.toString(); });
    child.stderr.on("data", (text: Buffer) => { output += text.toString(); });
    child.on("close", (code) => { resolve({ output, code }); });
  });

  it("two at once: one makes it, the other waits, says so, and uses it", async () => {
    seed();
    const both = await Promise.all([end(start(program())), end(start(program()))]);
    expect(both.map(({ code }) => code)).toEqual([0, 0]);
    expect(both.map(({ output }) => /made (\w+)/.exec(output)![1]).sort()).toEqual(["false", "true"]);
    expect(both.find(({ output }) => output.includes("made false"))!.output).toMatch(/Waiting: process \d+ on .+ is making/);
    expect(leftovers()).toEqual([]);
  });

  it("killed in the middle: the next run starts cleanly and finishes", async () => {
    const child = start(program("process.kill(process.pid, 'SIGKILL');"));
    const killed = await end(child);
    expect(killed.code).toBeNull();
    expect(leftovers()).not.toEqual([]);
    const { output, code } = await end(start(program()));
    expect(output).toContain("made true");
    expect(code).toBe(0);
    expect(leftovers()).toEqual([]);
  });

  it("killed while unpacking: the whole wheel is used again, nothing is downloaded", async () => {
    seed();
    await end(start(program("if (label === 'Unpacking') process.kill(process.pid, 'SIGKILL');")));
    expect(readdirSync(join(cache, "downloads"))).toEqual([fake.plan.wheels[0].file]);
    const { output } = await end(start(program()));
    expect(output).toContain("made true");
    expect(output).not.toContain("Downloading");
    expect(leftovers()).toEqual([]);
  });
});
