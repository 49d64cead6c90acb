import { existsSync, statSync } from "node:fs";
import type { NamedArray } from "../load.ts";
import { globalResolver, pythonGlobals } from "./pickle/globals.ts";
import { readPickle } from "./pickle/machine.ts";
import { numpyGlobals } from "./pickle/numpy.ts";
import { byteReader } from "./pickle/reader.ts";
import { legacyMagic, readPytorchLegacy, readPytorchZip } from "./pytorch.ts";
import { safetensorsEntries } from "./safetensors.ts";
import { budgetOf, bytesSource, fileSource, NonFiniteWeightsError, WeightFileError, type Budget, type ByteSource } from "./source.ts";
import { stateDict, type StateDict } from "./state-dict.ts";
import type { WeightTensor } from "./tensor.ts";

/** Forms of weight files, told apart by their first bytes. */
export type WeightFormat = "safetensors" | "pytorch-zip" | "pytorch-legacy" | "pickle";

/** An open weight file: names, shapes and dtypes are known, values are read when they are asked for. */
export interface WeightFile {
  readonly path: string;
  readonly format: WeightFormat;
  readonly tensors: ReadonlyMap<string, WeightTensor>;
  /** Short texts and numbers that the file carries beside its weights. */
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * Opens a weight file, calls `use`, and closes it: safetensors, PyTorch's `.pth` (zip or the form before 1.6), Detectron's
 * and detectron2's `.pkl`. Nothing in a file is executed, and it can claim at most 16 times its own size in memory.
 * @param file path, or the bytes
 * @throws WeightFileError naming file, fault and remedy
 */
export function withWeights<T>(file: string | Uint8Array, use: (weights: WeightFile) => T): T {
  const source = open(file);
  try {
    return use(openWeights(source));
  } finally {
    source.close();
  }
}

export interface ReadWeightsOptions {
  /** Which names to read. Default all. */
  readonly filter?: (name: string) => boolean;
  /** NaN and infinite values: `refuse` (default) or `keep`. */
  readonly nonFinite?: "refuse" | "keep";
}

/** A weight file in memory. */
export interface ReadWeights extends Omit<WeightFile, "tensors"> {
  /** Row-major float32, shapes as the file has them (PyTorch's: convolutions OIHW, linear [out, in]). */
  readonly tensors: ReadonlyMap<string, NamedArray>;
}

/** Reads a weight file whole; see {@link withWeights}. PyTorch's `num_batches_tracked` counters are left out. */
export function readWeights(file: string | Uint8Array, { filter = () => true, nonFinite = "refuse" }: ReadWeightsOptions = {}): ReadWeights {
  return withWeights(file, (weights) => {
    const wanted = [...weights.tensors].filter(([name]) => !isCounter(name) && filter(name));
    const tensors = new Map(wanted.map(([name, tensor]) => [name, { shape: tensor.shape, data: readValues(weights, name, { nonFinite }) }]));
    return { ...weights, tensors };
  });
}

/** BatchNorm's step counter, which is no weight. */
export function isCounter(name: string): boolean {
  return name.endsWith("num_batches_tracked");
}

/**
 * One tensor's values.
 * @throws WeightFileError naming the tensor and its first NaN or infinite value, unless these are kept
 */
export function readValues({ path, tensors }: WeightFile, name: string, { nonFinite = "refuse" }: Pick<ReadWeightsOptions, "nonFinite"> = {}): Float32Array {
  const tensor = tensors.get(name);
  if (tensor === undefined) throw new WeightFileError(`${path} has no tensor ${name}; it has ${[...tensors.keys()].slice(0, 10).join(", ")} …`);
  const data = tensor.read();
  const at = nonFinite === "keep" ? -1 : data.findIndex((value) => !Number.isFinite(value));
  if (at >= 0) throw new NonFiniteWeightsError(`${path}: tensor ${name} holds ${data[at]} at element ${at} of ${data.length}; the training that made it diverged, or the file is corrupt`);
  return data;
}

function open(file: string | Uint8Array): ByteSource {
  if (typeof file !== "string") return bytesSource("the given bytes", file);
  if (!existsSync(file)) throw new WeightFileError(`the weight file ${file} does not exist; \`potstill weights list\` shows the ones that can be fetched`);
  if (statSync(file).isDirectory()) throw new WeightFileError(`${file} is a folder; a weight file is needed (.safetensors, .pth or .pkl)`);
  return fileSource(file);
}

/** An open source as a weight file; the caller keeps the source open while it reads tensors. */
export function openWeights(source: ByteSource): WeightFile {
  const format = formatOf(source);
  const budget = budgetOf(source);
  return { path: source.path, format, ...readers[format](source, budget) };
}

const readers: Readonly<Record<WeightFormat, (source: ByteSource, budget: Budget) => StateDict>> = {
  safetensors: safetensorsEntries,
  "pytorch-zip": (source, budget) => stateDict(source.path, readPytorchZip(source, budget), budget),
  "pytorch-legacy": (source, budget) => stateDict(source.path, readPytorchLegacy(source, budget), budget),
  pickle: (source, budget) => stateDict(source.path, readPlainPickle(source, budget), budget),
};

/** Detectron's, detectron2's and numpy's pickles: the weights lie in the pickle itself. */
function readPlainPickle(source: ByteSource, budget: Budget): unknown {
  return readPickle(byteReader(source), { path: source.path, budget, resolve: globalResolver(source.path, [pythonGlobals, numpyGlobals]) });
}

function formatOf(source: ByteSource): WeightFormat {
  const start = Buffer.from(source.read(0, Math.min(source.size, 265)));
  const fail = (what: string): never => { throw new WeightFileError(`${source.path} is no weight file: ${what}. Allowed: safetensors, PyTorch's .pth, Detectron's .pkl`); };
  if (start.length < 2) return fail(`it has ${start.length} bytes (a stopped download?)`);
  if (start.subarray(0, 4).toString("latin1") === "PK\x03\x04") return "pytorch-zip";
  if (start.subarray(0, legacyMagic.length).equals(legacyMagic)) return "pytorch-legacy";
  if (start.length >= 9 && start[8] === 0x7b) return "safetensors"; // "{"
  if (start[0] === 0x80) return "pickle";
  if (/^\s*<(!doctype|html|\?xml)/i.test(start.toString("latin1"))) return fail("it is a web page, as a server sends instead of a file that it lacks. Fetch it again from an address that exists");
  if (start[0] === 0x1f && start[1] === 0x8b) return fail("it is compressed with gzip; unpack it first (gunzip)");
  if (start.subarray(257, 262).toString("latin1") === "ustar") return fail("it is a tar archive, the form of PyTorch before 0.1.10; load and save it again in Python");
  if (start.toString("latin1").startsWith("version https://git-lfs")) return fail("it is a pointer of Git LFS; run git lfs pull");
  if ("(]}cIVSlNid".includes(String.fromCharCode(start[0]))) return "pickle"; // protocols 0 and 1
  return fail(`it begins with bytes ${start.subarray(0, 8).toString("hex")}`);
}
