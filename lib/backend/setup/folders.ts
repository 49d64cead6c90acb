import { createHash } from "node:crypto";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import type { RuntimePlan } from "./pins.ts";

const require = createRequire(import.meta.url);

/** The user's cache: `POTSTILL_CACHE`, else `XDG_CACHE_HOME/potstill`, else `~/.cache/potstill`. */
export function cacheRoot(environment: NodeJS.ProcessEnv = process.env): string {
  if (environment.POTSTILL_CACHE) return resolve(environment.POTSTILL_CACHE);
  return environment.XDG_CACHE_HOME ? resolve(environment.XDG_CACHE_HOME, "potstill") : join(homedir(), ".cache", "potstill");
}

/** Where a plan's wheels are unpacked; the name carries their contents' hash. */
export function tensorflowFolder(cache: string, plan: RuntimePlan): string {
  const hash = createHash("sha256").update(plan.wheels.map((wheel) => `${wheel.sha256} ${wheel.take.join()} ${wheel.skip?.join() ?? ""}\n`).join("")).digest("hex");
  return join(cache, "tensorflow", `${plan.device}-${plan.version}-${plan.platform}-${hash.slice(0, 12)}`);
}

/** The folder that holds package.json, from the sources as from dist/. */
export function packageRoot(): string {
  let folder = import.meta.dirname;
  while (!existsSync(join(folder, "package.json"))) folder = dirname(folder);
  return folder;
}

/** One addon to compile: its Node-API name, sources, include folders and whether it links TensorFlow. */
export interface Addon {
  readonly name: string;
  readonly sources: readonly string[];
  readonly includes: readonly string[];
  readonly linksTensorflow: boolean;
}

/** tfjs-node's binding, and the addon that keeps TensorFlow's log off the terminal. */
export function addons(): readonly Addon[] {
  const headers = (require("node-api-headers") as { include_dir: string }).include_dir;
  const tfjs = dirname(require.resolve("@tensorflow/tfjs-node/package.json"));
  const binding = join(tfjs, "binding");
  const sources = readdirSync(binding).filter((name) => name.endsWith(".cc")).sort().map((name) => join(binding, name));
  return [
    { name: "tfjs_binding", sources, includes: [headers, tfjs], linksTensorflow: true },
    { name: "potstill_stderr", sources: [join(packageRoot(), "lib/backend/native/stderr.cc")], includes: [headers], linksTensorflow: false },
  ];
}

/** Flags of every compilation; part of the binding's address. */
export const compileFlags: readonly string[] = ["-O2", "-std=c++17", "-fPIC", "-shared", "-DNAPI_VERSION=8"];

/** Where the binding for a plan lies; the name carries the hash of everything it is compiled from. */
export function bindingFolder(cache: string, plan: RuntimePlan, built: readonly Addon[] = addons()): string {
  const hash = createHash("sha256").update(tensorflowFolder("", plan)).update(compileFlags.join(" "));
  for (const addon of built) {
    hash.update(addon.name);
    for (const source of addon.sources) hash.update(readFileSync(source));
    for (const folder of new Set(addon.sources.map((source) => dirname(source)))) {
      for (const name of readdirSync(folder).filter((entry) => entry.endsWith(".h")).sort()) hash.update(name).update(readFileSync(join(folder, name)));
    }
  }
  return join(cache, "bindings", `${plan.device}-${plan.version}-${plan.platform}-${hash.digest("hex").slice(0, 12)}`);
}
