import { existsSync } from "node:fs";
import * as tf from "@tensorflow/tfjs-core";
import { checkpointFormat as format } from "../detector/weights/load.ts";
import { readSafetensors, writeSafetensors } from "../detector/weights/safetensors.ts";
import type { StoredTensor } from "../detector/weights/safetensors.ts";
import type { Training } from "./training.ts";

/** Writes parameters, momentum and the iteration to a safetensors file, atomically. */
export function saveCheckpoint(path: string, training: Training, fingerprint: string): void {
  const tensors = new Map([...training.state()].map(([name, variable]) => [name, stored(variable)] as const));
  writeSafetensors(path, tensors, { format, fingerprint, iteration: String(training.iteration) });
}

function stored(variable: tf.Variable): StoredTensor {
  return { shape: variable.shape, data: variable.dataSync<"float32">() };
}

/**
 * Puts a checkpoint's values back, if the file exists.
 * @param fingerprint must equal the one it was saved with: resuming another configuration is refused
 * @returns the iteration it continues at; 0 when there is no checkpoint
 * @throws Error naming the file and the parameters that are missing, unknown or of another shape
 */
export function restoreCheckpoint(path: string, training: Training, fingerprint: string): number {
  if (!existsSync(path)) return 0;
  const { tensors, metadata } = readSafetensors(path);
  if (metadata["format"] !== format) throw new Error(`${path} is no Potstill checkpoint (format ${metadata["format"] ?? "not given"}, expected ${format})`);
  if (metadata["fingerprint"] !== fingerprint) throw new Error(`${path} belongs to another configuration (${metadata["fingerprint"]}, this one is ${fingerprint}). Remove it to start again`);
  const iteration = Number(metadata["iteration"]);
  if (!Number.isInteger(iteration) || iteration < 0) throw new Error(`${path} names no valid iteration (${metadata["iteration"]})`);
  assign(path, tensors, training.state());
  training.resumeAt(iteration);
  return iteration;
}

function assign(path: string, tensors: ReadonlyMap<string, StoredTensor>, state: ReadonlyMap<string, tf.Variable>): void {
  const missing = [...state.keys()].filter((name) => !tensors.has(name));
  const unknown = [...tensors.keys()].filter((name) => !state.has(name));
  const reshaped = [...state].filter(([name, { shape }]) => tensors.has(name) && !tf.util.arraysEqual(tensors.get(name)!.shape as number[], shape)).map(([name]) => name);
  const problems = Object.entries({ missing, unknown, "of another shape": reshaped }).filter(([, names]) => names.length > 0);
  if (problems.length > 0) throw new Error(`${path} does not fit this model: ${problems.map(([what, names]) => `${what}: ${names.join(", ")}`).join("; ")}`);
  for (const [name, variable] of state) {
    tf.tidy(() => variable.assign(tf.tensor(tensors.get(name)!.data, variable.shape, "float32")));
  }
}
