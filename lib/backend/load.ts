import { createRequire } from "node:module";
import { describeDevice } from "./device.ts";
import { announceFallback, loadFallback } from "./fallback.ts";
import type { BackendInfo, BackendKind, LoadOptions } from "./info.ts";
import { loadNative } from "./native.ts";
import { findBinding } from "./runtime.ts";
import { cleanUpAfterExceptions } from "./unwind.ts";
import { installCancelPoints } from "./cancel.ts";
import { registerPatches } from "./patches/index.ts";

export type { BackendInfo, BackendKind, LoadOptions } from "./info.ts";

const require = createRequire(import.meta.url);
const kinds: readonly BackendKind[] = ["native", "wasm", "cpu"];
let loading: Promise<BackendInfo> | undefined;

/**
 * Loads TensorFlow once per process and thread; later calls return the same record.
 *
 * Choice: `options.backend`, else `POTSTILL_BACKEND`, else the native library when it is set up, else WASM, else plain
 * JavaScript; a fallback is announced on stderr. Afterwards `import * as tf from "@tensorflow/tfjs-core"` is the same
 * instance everywhere.
 *
 * Throws when the backend asked for is not there, when `requireGpu` is set and TensorFlow computes on the CPU, and when
 * a second call asks for another backend, thread count or determinism than the first.
 */
export async function loadBackend(options: LoadOptions = {}): Promise<BackendInfo> {
  const asked = requestedKind(options);
  loading ??= load(asked, options).catch((error: unknown) => {
    loading = undefined;
    throw error;
  });
  const info = await loading;
  checkConsistent(info, options);
  if (options.requireGpu && info.device !== "cuda") throw new Error(gpuMissing(info));
  return info;
}

function requestedKind(options: LoadOptions): BackendKind | undefined {
  const asked = options.backend ?? (process.env.POTSTILL_BACKEND || undefined);
  if (asked === undefined || (kinds as readonly string[]).includes(asked)) return asked as BackendKind | undefined;
  const source = options.backend === undefined ? "POTSTILL_BACKEND" : "backend";
  throw new Error(`${source} is "${asked}"; allowed: ${kinds.join(", ")}`);
}

async function load(asked: BackendKind | undefined, options: LoadOptions): Promise<BackendInfo> {
  const binding = findBinding({ preferGpu: options.requireGpu ?? false });
  const kind = asked ?? (binding === undefined ? "wasm" : "native");
  if (kind === "native" && binding === undefined) {
    throw new Error("the native TensorFlow library is not set up. Run `potstill setup` (or set POTSTILL_BACKEND=wasm for the slow fallback)");
  }
  const loaded = kind === "native" ? loadNative(require, binding!, options) : await loadFallback(require, kind, options);
  if (asked === undefined && kind !== "native") announceFallback(loaded.name);
  installCancelPoints();
  cleanUpAfterExceptions();
  registerPatches();
  return describeDevice(loaded);
}

function checkConsistent(info: BackendInfo, options: LoadOptions): void {
  const differ = (what: string, has: unknown, wants: unknown): never => {
    throw new Error(`TensorFlow is already loaded with ${what} ${String(has)}; this call asks for ${String(wants)}. Choose it in the first loadBackend() of the process`);
  };
  const kind = info.name === "tensorflow" ? "native" : info.name;
  if (options.backend !== undefined && options.backend !== kind) differ("backend", kind, options.backend);
  if (options.threads !== undefined && options.threads !== info.threads) differ("threads", info.threads, options.threads);
  if (options.deterministic && !info.deterministic) differ("deterministic", false, true);
}

function gpuMissing(info: BackendInfo): string {
  return `a GPU is required, but TensorFlow ${info.tensorflowVersion} computes on the CPU (${info.name}, ${info.deviceName}). ` +
    "Run `potstill setup --device cuda` on a machine with an NVIDIA driver, and `potstill doctor` to see what is missing; or leave --require-gpu out";
}
