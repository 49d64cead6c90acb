import type * as TensorFlow from "@tensorflow/tfjs-core";
import type { BackendKind, Loaded, LoadOptions } from "./info.ts";

/** Says on stderr that a slower backend is used and how to get the fast one. */
export function announceFallback(name: Loaded["name"]): void {
  process.stderr.write(`potstill: the native TensorFlow library is not set up; computing with the ${name} backend, which is many times slower. Run \`potstill setup\` once to get it\n`);
}

/** Starts one of TF.js's portable backends. Both compute in one thread and are deterministic. Throws when it does not start. */
export async function loadFallback(require: NodeJS.Require, kind: Exclude<BackendKind, "native">, _options: LoadOptions): Promise<Loaded> {
  const tf = require("@tensorflow/tfjs") as typeof TensorFlow;
  if (kind === "wasm") require("@tensorflow/tfjs-backend-wasm");
  if (!(await tf.setBackend(kind))) throw new Error(`TF.js's ${kind} backend could not be started`);
  if (kind === "cpu") (tf.backend() as unknown as { firstUse: boolean }).firstUse = false; // its greeting recommends another package
  return { name: kind, gpu: false, tensorflowVersion: tf.version_core, threads: 1, oneDnn: false, deterministic: true };
}
