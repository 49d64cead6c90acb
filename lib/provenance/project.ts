import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/** What the crate tells of a package that computes. */
interface Computing {
  /** As it is installed. */
  readonly name: string;
  readonly title: string;
  readonly url: string;
}

/** The packages whose versions move numbers: tensors, and the decoding of images. */
export const computing: readonly Computing[] = [
  { name: "@tensorflow/tfjs-core", title: "TensorFlow.js", url: "https://www.tensorflow.org/js" },
  { name: "@tensorflow/tfjs-node", title: "TensorFlow.js binding for Node", url: "https://github.com/tensorflow/tfjs" },
  { name: "@tensorflow/tfjs-backend-wasm", title: "TensorFlow.js WebAssembly backend", url: "https://github.com/tensorflow/tfjs" },
  { name: "sharp", title: "sharp", url: "https://sharp.pixelplumbing.com" },
];

/** Version of an installed package, or undefined. */
function versionOf(name: string): string | undefined {
  try {
    let folder = dirname(createRequire(import.meta.url).resolve(name));
    while (dirname(folder) !== folder) {
      const path = join(folder, "package.json");
      const { version } = existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as { readonly version?: string }) : {};
      if (version !== undefined) return version;
      folder = dirname(folder);
    }
  } catch {
    // not installed: an optional one, or another platform's
  }
  return undefined;
}

/** Versions of Node and the packages that compute, by name. */
export function packageVersions(): Readonly<Record<string, string>> {
  const found = computing.map(({ name }) => [name, versionOf(name)] as const).filter(([, version]) => version !== undefined);
  return { node: process.versions.node, ...(Object.fromEntries(found) as Record<string, string>) };
}

const shaping = ["POTSTILL_BACKEND", "POTSTILL_THREADS", "OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "TF_ENABLE_ONEDNN_OPTS", "TF_DETERMINISTIC_OPS", "TF_CUDNN_DETERMINISTIC", "TF_CUDNN_USE_AUTOTUNE", "NVIDIA_TF32_OVERRIDE", "CUDA_VISIBLE_DEVICES"];

/** The environment's variables that are set and move numbers; all others are nobody's business. */
export function shapingVariables(environment: NodeJS.ProcessEnv): Readonly<Record<string, string>> {
  const set = shaping.map((name) => [name, environment[name]] as const).filter(([, value]) => value !== undefined && value !== "");
  return Object.fromEntries(set) as Record<string, string>;
}
