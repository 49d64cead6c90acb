import { existsSync } from "node:fs";
import { join } from "node:path";
import { bindingFolder, cacheRoot, tensorflowFolder } from "./setup/folders.ts";
import { plans, type Device, type RuntimePlan } from "./setup/pins.ts";

/** A runtime that `potstill setup` has made. */
export interface Runtime {
  readonly device: Device;
  readonly version: string;
  /** Path of tfjs_binding.node. */
  readonly binding: string;
  /** Folder that holds `tensorflow/` and, for CUDA, `nvidia/`. */
  readonly folder: string;
}

/** The runtimes of this platform that are complete in the cache. */
export function installedRuntimes(cache = cacheRoot()): Runtime[] {
  const here = plans.filter((plan) => plan.platform === `${process.platform}-${process.arch}`);
  return here.map((plan) => runtimeOf(cache, plan)).filter(isComplete);
}

/** Where a plan's runtime lies once it is made. */
export function runtimeOf(cache: string, plan: RuntimePlan): Runtime {
  return {
    device: plan.device,
    version: plan.version,
    binding: join(bindingFolder(cache, plan), "tfjs_binding.node"),
    folder: tensorflowFolder(cache, plan),
  };
}

/** Both folders are put in place by a rename, so their presence means that they are whole. */
export function isComplete(runtime: Runtime): boolean {
  return existsSync(runtime.binding) && existsSync(runtime.folder);
}

/** Where the CUDA compiler's files lie that TensorFlow may look for, when the binding belongs to a CUDA runtime. */
export function cudaDataFolder(binding: string): string | undefined {
  const runtime = installedRuntimes().find((candidate) => candidate.binding === binding);
  const folder = runtime === undefined ? undefined : join(runtime.folder, "nvidia", "cuda_nvcc");
  return folder !== undefined && existsSync(folder) ? folder : undefined;
}

/**
 * Path of the native binding to load, or undefined when none is set up.
 *
 * `POTSTILL_BINDING` names one; else the cache's: CUDA's when a GPU is required, wanted by `POTSTILL_DEVICE=cuda`, or
 * the NVIDIA driver is there, else the CPU's, else whichever exists.
 */
export function findBinding(options: { preferGpu?: boolean } = {}): string | undefined {
  const named = process.env.POTSTILL_BINDING;
  if (named) {
    if (existsSync(named)) return named;
    throw new Error(`POTSTILL_BINDING is "${named}", which does not exist. Unset it, or set it to a compiled tfjs_binding.node`);
  }
  const runtimes = installedRuntimes();
  const wanted = wantedDevice(options.preferGpu ?? false);
  return (runtimes.find((runtime) => runtime.device === wanted) ?? runtimes[0])?.binding;
}

function wantedDevice(preferGpu: boolean): Device {
  const asked = process.env.POTSTILL_DEVICE;
  if (asked && asked !== "cpu" && asked !== "cuda") throw new Error(`POTSTILL_DEVICE is "${asked}"; allowed: cpu, cuda`);
  if (preferGpu || asked === "cuda") return "cuda";
  return asked !== "cpu" && hasNvidiaDriver() ? "cuda" : "cpu";
}

/** Whether NVIDIA's kernel driver is loaded. */
export function hasNvidiaDriver(): boolean {
  return existsSync("/dev/nvidiactl");
}
