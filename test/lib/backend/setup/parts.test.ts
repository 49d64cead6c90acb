import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, describe, expect, it } from "vitest";
import { announcedSize, bytesUnder, pipArguments } from "../../../../lib/backend/setup/download.ts";
import { cacheRoot } from "../../../../lib/backend/setup/folders.ts";
import { tryLock, withLock } from "../../../../lib/backend/setup/lock.ts";
import { planFor, plans } from "../../../../lib/backend/setup/pins.ts";
import { progressLine, terminalReporter } from "../../../../lib/backend/setup/progress.ts";
import { scratch } from "./fake.ts";

const folder = scratch();
afterAll(() => { rmSync(folder, { recursive: true, force: true }); });

describe("pins", () => {
  it("names each file by project, version and platform, with a SHA-256 of its own", () => {
    const wheels = plans.flatMap((plan) => plan.wheels);
    for (const { file, project, version, sha256, take } of wheels) {
      expect(file.startsWith(`${project.replaceAll("-", "_")}-${version}-`)).toBe(true);
      expect(file).toMatch(/_(x86_64|aarch64)\.whl$/);
      expect(sha256).toMatch(/^[0-9a-f]{64}$/);
      expect(take.length).toBeGreaterThan(0);
    }
    expect(new Set(wheels.map(({ sha256 }) => sha256)).size).toBe(wheels.length);
  });

  it("holds every library that tensorflow[and-cuda] asks for", () => {
    const names = planFor("cuda", "linux-x64").wheels.map(({ project }) => project);
    expect(names).toEqual(["tensorflow", ...["cublas", "cuda-cupti", "cuda-nvcc", "cuda-nvrtc", "cuda-runtime", "cudnn", "cufft", "curand", "cusolver", "cusparse", "nccl", "nvjitlink"].map((name) => `nvidia-${name}-cu12`)]);
  });

  it("says where it is supported", () => {
    expect(() => planFor("cuda", "darwin-arm64")).toThrow(/no TensorFlow runtime for cuda on darwin-arm64; supported: linux-x64\..*POTSTILL_BACKEND=wasm/);
  });
});

describe("pip", () => {
  it("is asked for exactly the pinned file, whatever Python runs it", () => {
    const args = (device: "cpu" | "cuda", i: number) => pipArguments(planFor(device, "linux-x64").wheels[i], "/d").join(" ");
    expect(args("cpu", 0)).toContain("--only-binary=:all: --progress-bar off --python-version 3.11 --implementation cp --abi cp311 --platform manylinux_2_27_x86_64 --dest /d tensorflow-cpu==2.21.0");
    expect(args("cuda", 3)).toContain("--python-version 3.11 --platform manylinux2010_x86_64 --platform manylinux_2_12_x86_64 --dest /d nvidia-cuda-nvcc-cu12==");
  });

  it("announces sizes that are understood", () => {
    expect(announcedSize("  Downloading tensorflow-2.21.0-cp311-cp311-manylinux_2_27_aarch64.whl (281.8 MB)")).toBeCloseTo(281.8e6);
    expect(announcedSize("Downloading x.whl (12 kB)")).toBe(12_000);
    expect(announcedSize("Saved ./x.whl")).toBeUndefined();
  });

  it("is watched by the bytes it has written", () => {
    mkdirSync(join(folder, "a", "b"), { recursive: true });
    writeFileSync(join(folder, "a", "b", "x"), "12345");
    writeFileSync(join(folder, "a", "y"), "123");
    expect(bytesUnder(join(folder, "a"))).toBe(8);
    expect(bytesUnder(join(folder, "nowhere"))).toBe(0);
  });
});

describe("cacheRoot", () => {
  it("is the user's choice, else XDG's, else under the home folder", () => {
    expect(cacheRoot({ POTSTILL_CACHE: "/a/b", XDG_CACHE_HOME: "/x" })).toBe("/a/b");
    expect(cacheRoot({ XDG_CACHE_HOME: "/x" })).toBe("/x/potstill");
    expect(cacheRoot({})).toMatch(/\/\.cache\/potstill$/);
  });
});

describe("progress", () => {
  it("shows share, bytes and rate, and only bytes where the total is unknown", () => {
    expect(progressLine("Downloading x", 50e6, 200e6, 2)).toBe("Downloading x  [#####...............]  50.0 of 200.0 MB  25 %  25.0 MB/s");
    expect(progressLine("x", 500, 2000, 0)).toBe("x  [#####...............]  0.5 of 2.0 kB  25 %");
    expect(progressLine("Downloading x", 50e6, undefined, 0)).toBe("Downloading x  50.0 MB");
    expect(progressLine("x", 300, 200, 0)).toContain("100 %");
  });

  it("redraws one line on a terminal, and writes few lines into a log", () => {
    const draw = (isTTY: boolean) => {
      let [text, time] = ["", 0];
      const reporter = terminalReporter({ isTTY, columns: 200, write: (part) => { text += part; } }, () => time);
      for (let i = 0; i <= 100; i++) {
        time = i * 50;
        reporter.bytes("Unpacking", i * 1e6, 100e6);
      }
      reporter.note("done");
      return text;
    };
    expect(draw(true).split("\n")).toHaveLength(3);
    expect(draw(true).split("\r").length).toBeGreaterThan(20);
    expect(draw(false).split("\n").slice(0, -1)).toEqual(["Unpacking …", expect.stringContaining("100 %"), "done"]);
  });
});

describe("withLock", () => {
  it("lets one in at a time", async () => {
    const path = join(folder, "lock-1");
    let inside = 0;
    await Promise.all(Array.from({ length: 5 }, () => withLock(path, async () => {
      expect(++inside).toBe(1);
      await sleep(10);
      inside--;
    })));
    expect(existsSync(path)).toBe(false);
  });

  it("takes over from a dead process at once and from a silent one after a while, never from a live one", async () => {
    const path = join(folder, "lock-2");
    writeFileSync(path, JSON.stringify({ pid: 2 ** 22 + 7, host: hostname(), nonce: "dead" }));
    expect(await withLock(path, async () => "taken")).toBe("taken");
    writeFileSync(path, JSON.stringify({ pid: 1, host: "elsewhere", nonce: "silent" }));
    utimesSync(path, new Date(Date.now() - 120_000), new Date(Date.now() - 120_000));
    expect(await withLock(path, async () => "taken")).toBe("taken");
    writeFileSync(path, JSON.stringify({ pid: process.pid, host: hostname(), nonce: "live" }));
    const waits: string[] = [];
    await expect(withLock(path, async () => "taken", { signal: AbortSignal.timeout(500), onWait: (holder) => waits.push(holder) })).rejects.toThrow();
    expect(waits).toEqual([`process ${process.pid} on ${hostname()}`]);
  });

  it("is never seen empty, and leaves nothing beside it", () => {
    const path = join(folder, "lock-4", "deep", "lock");
    const held = tryLock(path);
    if (typeof held === "string") throw new Error(held);
    expect(JSON.parse(readFileSync(path, "utf8"))).toMatchObject({ pid: process.pid, host: hostname() });
    expect(readdirSync(dirname(path))).toEqual(["lock"]);
    expect(tryLock(path)).toBe(`process ${process.pid} on ${hostname()}`);
    writeFileSync(path, JSON.stringify({ pid: 1, host: "elsewhere", nonce: "theirs" }));
    held.release(); // it is another's by now
    expect(existsSync(path)).toBe(true);
  });

  it("is given back when the work fails", async () => {
    const path = join(folder, "lock-3");
    await expect(withLock(path, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
    expect(existsSync(path)).toBe(false);
  });
});
