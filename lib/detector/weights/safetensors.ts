import { writeSync } from "node:fs";
import { replaceFile } from "../../train/atomic.ts";
import { dtypes, type Dtype } from "./dtypes.ts";
import { fileSource, WeightFileError, type Budget, type ByteSource } from "./source.ts";
import type { StateDict } from "./state-dict.ts";
import { rowMajor, StoredView, weightTensor } from "./tensor.ts";

/** A tensor's data in memory: little-endian float32 or int32. */
export interface StoredTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array;
}

export interface SafetensorsFile {
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** A tensor as the header describes it; offsets count from the end of the header. */
interface Entry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

const headerLimit = 100 * 1024 * 1024; // the reference implementation's

/** The format's dtypes. */
const names: Readonly<Record<string, Dtype>> = {
  F32: dtypes.float32, F64: dtypes.float64, F16: dtypes.float16, BF16: dtypes.bfloat16,
  I64: dtypes.int64, I32: dtypes.int32, I16: dtypes.int16, I8: dtypes.int8, U8: dtypes.uint8, BOOL: dtypes.bool,
};

/**
 * Writes a safetensors file (8-byte little-endian header length, JSON header, data) atomically: a temporary file beside
 * it is flushed to disk and renamed.
 * @throws Error of the file system (disk full, no permission); the temporary file is removed and an older file stays
 */
export function writeSafetensors(path: string, tensors: ReadonlyMap<string, StoredTensor>, metadata: Readonly<Record<string, string>> = {}): void {
  const entries = [...tensors].sort(([a], [b]) => (a < b ? -1 : 1));
  replaceFile(path, (file) => {
    writeAll(file, header(entries, metadata));
    for (const [, { data }] of entries) writeAll(file, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  });
}

function header(entries: readonly (readonly [string, StoredTensor])[], metadata: Readonly<Record<string, string>>): Uint8Array {
  let offset = 0;
  const record: [string, Entry | Readonly<Record<string, string>>][] = Object.keys(metadata).length > 0 ? [["__metadata__", metadata]] : [];
  for (const [name, { shape, data }] of entries) {
    const end = offset + data.byteLength;
    record.push([name, { dtype: data instanceof Float32Array ? "F32" : "I32", shape: [...shape], data_offsets: [offset, end] }]);
    offset = end;
  }
  const json = Buffer.from(JSON.stringify(Object.fromEntries(record)));
  const length = Math.ceil(json.length / 8) * 8;
  const out = Buffer.alloc(8 + length, " ");
  out.writeBigUInt64LE(BigInt(length), 0);
  json.copy(out, 8);
  return out;
}

function writeAll(file: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done, Math.min(bytes.length - done, 1 << 28));
}

/**
 * Reads a safetensors file of float32 and int32 whole, as Potstill writes it; `readWeights` reads the other dtypes too.
 * @throws Error naming the file and what is wrong: truncated, no JSON header, unknown dtype, sizes that do not fit
 */
export function readSafetensors(path: string): SafetensorsFile {
  const source = fileSource(path);
  try {
    const { start, entries, metadata } = readLayout(source);
    const tensors = new Map(entries.map(([name, { dtype, shape, data_offsets: [from, to] }]): [string, StoredTensor] => {
      if (dtype !== "F32" && dtype !== "I32") failure(source)(`tensor ${name} has dtype ${dtype}; allowed here: F32, I32`);
      const { buffer } = source.read(start + from, to - from);
      return [name, { shape, data: dtype === "F32" ? new Float32Array(buffer) : new Int32Array(buffer) }];
    }));
    return { tensors, metadata };
  } finally {
    source.close();
  }
}

/** The tensors of a safetensors file of any dtype that can be read, unread. @throws WeightFileError as {@link readSafetensors} */
export function safetensorsEntries(source: ByteSource, budget: Budget): StateDict {
  const { start, entries, metadata } = readLayout(source);
  const tensors = new Map(entries.map(([name, { dtype: stored, shape, data_offsets: [from, to] }]) => {
    const dtype = names[stored];
    const read = (first: number, count: number) => source.read(start + from + first * dtype.size, count * dtype.size);
    const view = new StoredView({ storage: { dtype, length: (to - from) / dtype.size, read }, offset: 0, shape, strides: rowMajor(shape) });
    return [name, weightTensor(view, `${source.path}: tensor ${name}`, budget)] as const;
  }));
  return { tensors, metadata };
}

type Fail = (what: string) => never;

function failure({ path }: ByteSource): Fail {
  return (what) => { throw new WeightFileError(`${path} is no usable safetensors file: ${what}. Delete it or restore a copy`); };
}

interface Layout {
  /** Where the data begin. */
  readonly start: number;
  readonly entries: readonly (readonly [string, Entry])[];
  readonly metadata: Readonly<Record<string, string>>;
}

function readLayout(source: ByteSource): Layout {
  const { size } = source;
  const fail = failure(source);
  if (size < 8) fail(`${size} bytes, shorter than its 8-byte length field`);
  const length = Number(new DataView(source.read(0, 8).buffer).getBigUint64(0, true));
  if (length > headerLimit || 8 + length > size) fail(`its header claims ${length} bytes, the file has ${size}`);
  const { __metadata__: metadata = {}, ...rest } = parseHeader(source.read(8, length), fail);
  const entries = Object.entries(rest).map(([name, value]) => [name, parseEntry(name, value, { size, start: 8 + length, fail })] as const);
  checkCoverage(entries, size - 8 - length, fail);
  return { start: 8 + length, entries, metadata: parseMetadata(metadata, fail) };
}

function parseHeader(bytes: Uint8Array, fail: Fail): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes).toString("utf8"));
    if (isRecord(value)) return value;
  } catch {
    return fail("its header is not JSON");
  }
  return fail("its header is not a JSON object");
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function parseMetadata(value: unknown, fail: Fail): Record<string, string> {
  if (!isRecord(value) || !Object.values(value).every((text) => typeof text === "string")) return fail("its __metadata__ is not a record of texts");
  return value as Record<string, string>;
}

function parseEntry(name: string, value: unknown, { size, start, fail }: { size: number; start: number; fail: Fail }): Entry {
  const { dtype, shape, data_offsets: offsets } = isRecord(value) ? value : {};
  if (typeof dtype !== "string" || !Object.hasOwn(names, dtype)) return fail(`tensor ${name} has dtype ${JSON.stringify(dtype)}; allowed: ${Object.keys(names).join(", ")}`);
  const isCount = (n: unknown): n is number => Number.isSafeInteger(n) && (n as number) >= 0;
  if (!Array.isArray(shape) || !Array.isArray(offsets) || offsets.length !== 2) return fail(`tensor ${name} has no shape or offsets`);
  if (!shape.every(isCount) || !offsets.every(isCount)) return fail(`tensor ${name} has shape or offsets that are no whole numbers from 0`);
  const [from, to] = offsets;
  const bytes = shape.reduce((product, n) => product * n, 1) * names[dtype].size;
  if (to - from !== bytes || start + to > size) fail(`tensor ${name} claims bytes ${from} to ${to} for shape [${shape.join(", ")}] of ${dtype} in a file of ${size}`);
  return { dtype, shape, data_offsets: [from, to] };
}

/** The format wants every byte to belong to exactly one tensor: overlaps and gaps hide data or multiply it. */
function checkCoverage(entries: Layout["entries"], size: number, fail: Fail): void {
  let end = 0;
  for (const [name, { data_offsets: [from, to] }] of [...entries].sort(([, a], [, b]) => a.data_offsets[0] - b.data_offsets[0] || a.data_offsets[1] - b.data_offsets[1])) {
    if (from !== end) fail(`tensor ${name} begins at byte ${from} of the data, the one before it ends at ${end}`);
    end = to;
  }
  if (end !== size) fail(`its tensors claim ${end} bytes of data, it has ${size}`);
}
