import { existsSync } from "node:fs";
import { gpuNames } from "./device.ts";
import { installedRuntimes, type Runtime } from "./runtime.ts";
import { cacheRoot } from "./setup/folders.ts";
import { planFor } from "./setup/pins.ts";
import { freeBytes } from "./setup/space.ts";
import { findCompiler, findPip, findPython } from "./setup/tools.ts";
import { verifyRuntime } from "./setup/verify.ts";

/** One thing that Potstill needs or can use. */
export interface Check {
  readonly name: string;
  /** `missing` is required and absent; `absent` is optional and absent. */
  readonly state: "ok" | "missing" | "absent";
  /** What was found, or why not. */
  readonly detail: string;
  /** The command that mends it. */
  readonly remedy?: string;
}

/** What computing needs: the runtimes, the tools that make them, the GPU, room in the cache. */
export async function checkBackend(): Promise<Check[]> {
  const runtimes = installedRuntimes();
  const ready = runtimes.length > 0;
  return [
    await checkRuntime(runtimes, "cpu"),
    ...checkGpu(runtimes),
    checkTool("Python", !ready, () => findPython().version, "apt-get install python3"),
    checkTool("pip", !ready, () => findPip().version.replace(/ from .*/, ""), "apt-get install python3-pip"),
    checkTool("C++ compiler", !ready, () => findCompiler().version, "apt-get install g++"),
    checkSpace(ready),
  ];
}

async function checkRuntime(runtimes: readonly Runtime[], device: Runtime["device"]): Promise<Check> {
  const name = "TensorFlow runtime";
  const runtime = runtimes.find((candidate) => candidate.device === device) ?? runtimes[0];
  const remedy = "potstill setup";
  if (runtime === undefined) return { name, state: "missing", detail: `none in ${cacheRoot()}; without it the WASM backend computes, many times slower`, remedy };
  try {
    await verifyRuntime(runtime.binding);
    return { name, state: "ok", detail: `${runtime.version} (${runtimes.map((one) => one.device).join(", ")}) in ${runtime.folder}` };
  } catch (error) {
    return { name, state: "missing", detail: (error as Error).message, remedy: `${remedy} --force --device ${runtime.device}` };
  }
}

/** Without an NVIDIA driver one line says so; with one, the CUDA runtime is worth having. */
function checkGpu(runtimes: readonly Runtime[]): Check[] {
  const names = gpuNames();
  if (names.length === 0) {
    const driver = existsSync("/dev/nvidiactl") ? "the NVIDIA driver is loaded, but nvidia-smi finds no GPU" : "no NVIDIA driver: TensorFlow computes on the CPU";
    return [{ name: "GPU", state: "absent", detail: driver }];
  }
  const cuda = runtimes.find((runtime) => runtime.device === "cuda");
  const found: Check = { name: "GPU", state: "ok", detail: names.join(", ") };
  if (cuda !== undefined) return [found, { name: "CUDA runtime", state: "ok", detail: cuda.folder }];
  return [found, { name: "CUDA runtime", state: "absent", detail: "a GPU is there, but TensorFlow for CUDA is not", remedy: "potstill setup --device cuda" }];
}

function checkTool(name: string, required: boolean, find: () => string, remedy: string): Check {
  try {
    return { name, state: "ok", detail: find() };
  } catch (error) {
    return { name, state: required ? "missing" : "absent", detail: (error as Error).message.split(". Install")[0], remedy };
  }
}

function checkSpace(ready: boolean): Check {
  const name = "disk space";
  const free = freeBytes(cacheRoot());
  const needed = ready ? 1e9 : neededBytes();
  const detail = `${(free / 1e9).toFixed(1)} GB free at ${cacheRoot()}`;
  if (free >= needed) return { name, state: "ok", detail };
  return { name, state: ready ? "absent" : "missing", detail: `${detail}; ${(needed / 1e9).toFixed(1)} GB wanted`, remedy: "free some, or set POTSTILL_CACHE to a folder on another disk" };
}

function neededBytes(): number {
  try {
    return planFor("cpu").bytes;
  } catch {
    return 0; // no runtime for this platform: nothing to make
  }
}
