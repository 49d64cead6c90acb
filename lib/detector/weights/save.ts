import { createHash } from "node:crypto";
import { closeSync, openSync, readSync } from "node:fs";
import { basename } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import type { Detector, Parameter } from "../detector.ts";
import { pytorchShape } from "../load.ts";
import { isCounter, readWeights, withWeights, type ReadWeightsOptions } from "./read.ts";
import { writeSafetensors, type StoredTensor } from "./safetensors.ts";

/**
 * Writes a detector's parameters to a safetensors file, atomically, under their names and in PyTorch's layouts, so that
 * `loadWeights` here and `safetensors.torch.load_file` in Python read them.
 * @param metadata what a reader should know: where the weights come from, the preset, the iteration
 */
export function saveWeights(target: Pick<Detector, "parameters" | "name">, path: string, metadata: Readonly<Record<string, string>> = {}): void {
  const tensors = new Map(target.parameters().map((parameter) => [parameter.name, inPytorchLayout(parameter)]));
  writeSafetensors(path, tensors, { format: "pt", producer: "potstill", detector: target.name, ...metadata });
}

/** HWIO → OIHW, [in, out] → [out, in]; an input that is a flattened map goes from [H, W, C] to [C, H, W]. */
function inPytorchLayout({ variable, flattened }: Parameter): StoredTensor {
  const shape = pytorchShape(variable.shape);
  const turned = tf.tidy(() => {
    if (variable.rank === 4) return tf.transpose(variable, [3, 2, 0, 1]);
    if (variable.rank !== 2) return tf.clone(variable);
    if (flattened === undefined) return tf.transpose(variable, [1, 0]);
    const { height, width, channels } = flattened;
    return tf.reshape(tf.transpose(tf.reshape(variable, [height, width, channels, shape[0]]), [3, 2, 0, 1]), shape);
  });
  try {
    return { shape, data: turned.dataSync<"float32">() };
  } finally {
    turned.dispose();
  }
}

export interface Converted {
  readonly tensors: number;
  /** BatchNorm's step counters (`num_batches_tracked`), which are left out. */
  readonly counters: number;
  /** Values in all of them. */
  readonly values: number;
  readonly format: string;
}

/**
 * Writes any weight file that can be read as safetensors: float32, the file's own names, counters left out; its metadata
 * carry name, form and SHA-256 of the original.
 * @throws WeightFileError as `readWeights`
 */
export function convertWeights(from: string, to: string, options: Pick<ReadWeightsOptions, "nonFinite"> = {}): Converted {
  const counters = withWeights(from, (weights) => [...weights.tensors.keys()].filter(isCounter).length);
  const { tensors, format, metadata } = readWeights(from, options);
  const provenance = { ...metadata, format: "pt", producer: "potstill", source: basename(from), source_format: format, source_sha256: hashOf(from) };
  writeSafetensors(to, tensors, provenance);
  return { tensors: tensors.size, counters, values: [...tensors.values()].reduce((sum, { data }) => sum + data.length, 0), format };
}

function hashOf(path: string): string {
  const hash = createHash("sha256");
  const block = Buffer.alloc(1 << 20);
  const file = openSync(path, "r");
  try {
    for (let n = readSync(file, block); n > 0; n = readSync(file, block)) hash.update(block.subarray(0, n));
  } finally {
    closeSync(file);
  }
  return hash.digest("hex");
}
