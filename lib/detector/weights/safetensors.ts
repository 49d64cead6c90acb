import { closeSync, openSync, readSync, statSync, writeSync } from "node:fs";
import { replaceFile } from "../../train/atomic.ts";

/** A tensor's data in memory: little-endian float32 or int32. */
export interface StoredTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array;
}

export interface SafetensorsFile {
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

interface Entry {
  dtype: "F32" | "I32";
  shape: number[];
  data_offsets: [number, number];
}

const headerLimit = 100 * 1024 * 1024; // the reference implementation's
const dtypes = { F32: Float32Array, I32: Int32Array } as const;

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
  const record: Record<string, Entry | Readonly<Record<string, string>>> = {};
  if (Object.keys(metadata).length > 0) record["__metadata__"] = metadata;
  for (const [name, { shape, data }] of entries) {
    const end = offset + data.byteLength;
    record[name] = { dtype: data instanceof Float32Array ? "F32" : "I32", shape: [...shape], data_offsets: [offset, end] };
    offset = end;
  }
  const json = Buffer.from(JSON.stringify(record));
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
 * Reads a safetensors file whole.
 * @throws Error naming the file and what is wrong: truncated, no JSON header, unknown dtype, sizes that do not fit
 */
export function readSafetensors(path: string): SafetensorsFile {
  const fail = (what: string): never => { throw new Error(`${path} is no usable safetensors file: ${what}. Delete it or restore a copy`); };
  const file = openSync(path, "r");
  try {
    const size = statSync(path).size;
    if (size < 8) fail(`${size} bytes, shorter than its 8-byte length field`);
    const length = Number(readExactly(file, 0, 8).readBigUInt64LE(0));
    if (length > headerLimit || 8 + length > size) fail(`its header claims ${length} bytes, the file has ${size}`);
    const { __metadata__: metadata = {}, ...entries } = parseHeader(readExactly(file, 8, length), fail);
    const tensors = new Map<string, StoredTensor>();
    for (const [name, entry] of Object.entries(entries as Record<string, Entry>)) {
      tensors.set(name, readTensor(file, 8 + length, size, name, entry, fail));
    }
    return { tensors, metadata: metadata as Record<string, string> };
  } finally {
    closeSync(file);
  }
}

function parseHeader(bytes: Buffer, fail: (what: string) => never): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(bytes.toString("utf8"));
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    return fail("its header is not JSON");
  }
  return fail("its header is not a JSON object");
}

function readTensor(file: number, start: number, size: number, name: string, entry: Entry, fail: (what: string) => never): StoredTensor {
  const type = dtypes[entry.dtype];
  if (type === undefined) fail(`tensor ${name} has dtype ${String(entry.dtype)}; allowed: ${Object.keys(dtypes).join(", ")}`);
  if (!Array.isArray(entry.shape) || !Array.isArray(entry.data_offsets)) fail(`tensor ${name} has no shape or offsets`);
  const [from, to] = entry.data_offsets;
  const bytes = entry.shape.reduce((product, n) => product * n, 1) * 4;
  if (!(from >= 0 && to - from === bytes && start + to <= size)) fail(`tensor ${name} claims bytes ${from} to ${to} for shape [${entry.shape.join(", ")}] in a file of ${size}`);
  const raw = readExactly(file, start + from, bytes);
  return { shape: entry.shape, data: new type(raw.buffer as ArrayBuffer, raw.byteOffset, bytes / 4) };
}

function readExactly(file: number, position: number, length: number): Buffer {
  const out = Buffer.from(new ArrayBuffer(length));
  for (let done = 0; done < length; ) {
    const n = readSync(file, out, done, Math.min(length - done, 1 << 28), position + done);
    if (n === 0) throw new Error("unexpected end of file");
    done += n;
  }
  return out;
}
