import { constants, crc32, inflateRawSync } from "node:zlib";
import { WeightFileError, type Budget, type ByteSource } from "./source.ts";

/** A member of a zip archive. */
export interface ZipEntry {
  readonly name: string;
  /** Uncompressed bytes, as the archive claims. */
  readonly size: number;
  readonly compressed: number;
  readonly deflated: boolean;
  readonly crc: number;
  /** Position of its local header. */
  readonly header: number;
}

const endSize = 22;
const locatorSize = 20;
const maxComment = 0xffff;
const maxEntries = 200_000;
const inflation = 1032; // deflate's greatest ratio

/**
 * The members of a zip archive, zip64 included, from its central directory.
 * @throws WeightFileError for truncated, encrypted or contradictory archives
 */
export function zipEntries(source: ByteSource): ReadonlyMap<string, ZipEntry> {
  const fail = zipFailure(source);
  const { count, size, offset } = findDirectory(source, fail);
  if (count > maxEntries) fail(`it claims ${count} members; a checkpoint has at most ${maxEntries}`);
  if (offset + size > source.size || size < count * 46) fail(`its directory of ${count} members claims bytes ${offset} to ${offset + size}`);
  const bytes = view(source.read(offset, size));
  const entries = new Map<string, ZipEntry>();
  for (let i = 0, at = 0; i < count; i++) {
    if (at + 46 > size || bytes.getUint32(at, true) !== 0x02014b50) fail(`member ${i} of its directory is not one`);
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((field) => bytes.getUint16(at + field, true));
    const next = at + 46 + nameLength + extraLength + commentLength;
    if (next > size) fail(`member ${i} of its directory ends beyond the directory`);
    const entry = readEntry(bytes, at, { nameLength, extraLength }, fail);
    if (entries.has(entry.name)) fail(`member ${entry.name} is there twice`);
    entries.set(entry.name, entry);
    at = next;
  }
  return entries;
}

type Fail = (what: string) => never;

function zipFailure({ path }: ByteSource): Fail {
  return (what) => { throw new WeightFileError(`${path} is no usable zip archive: ${what}. It is truncated or corrupt; fetch it again`); };
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function findDirectory(source: ByteSource, fail: Fail): { count: number; size: number; offset: number } {
  const length = Math.min(source.size, endSize + maxComment);
  const start = source.size - length;
  const tail = view(source.read(start, length));
  let at = length - endSize;
  while (at >= 0 && tail.getUint32(at, true) !== 0x06054b50) at--;
  if (at < 0) fail("its end, where the list of members stands, is missing");
  const small = { count: tail.getUint16(at + 10, true), size: tail.getUint32(at + 12, true), offset: tail.getUint32(at + 16, true) };
  const locator = start + at - locatorSize;
  const is64 = small.count === 0xffff || small.size === 0xffffffff || small.offset === 0xffffffff;
  return is64 && locator >= 0 ? directory64(source, locator, fail) ?? small : small;
}

function directory64(source: ByteSource, locator: number, fail: Fail): { count: number; size: number; offset: number } | undefined {
  const pointer = view(source.read(locator, locatorSize));
  if (pointer.getUint32(0, true) !== 0x07064b50) return undefined;
  const end = view(source.read(long(pointer, 8, fail), 56));
  if (end.getUint32(0, true) !== 0x06064b50) fail("its zip64 end is not where its locator says");
  return { count: long(end, 32, fail), size: long(end, 40, fail), offset: long(end, 48, fail) };
}

function long(bytes: DataView, at: number, fail: Fail): number {
  const value = bytes.getBigUint64(at, true);
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) fail(`a position of ${value} bytes`);
  return Number(value);
}

function readEntry(bytes: DataView, at: number, { nameLength, extraLength }: { nameLength: number; extraLength: number }, fail: Fail): ZipEntry {
  const name = Buffer.from(bytes.buffer, bytes.byteOffset + at + 46, nameLength).toString("utf8");
  const [flags, method] = [bytes.getUint16(at + 8, true), bytes.getUint16(at + 10, true)];
  if ((flags & 1) !== 0) fail(`member ${name} is encrypted`);
  if (method !== 0 && method !== 8) fail(`member ${name} is compressed with method ${method}; allowed: 0 (stored), 8 (deflate)`);
  const extra = extra64(bytes, at + 46 + nameLength, extraLength);
  const field = (position: number): number => {
    const value = bytes.getUint32(at + position, true);
    if (value !== 0xffffffff) return value;
    if (extra.at + 8 > extra.end) fail(`member ${name} lacks its zip64 sizes`);
    extra.at += 8;
    return long(bytes, extra.at - 8, fail);
  };
  const [size, compressed, header] = [field(24), field(20), field(42)]; // the order of the zip64 field
  if (method === 0 && size !== compressed) fail(`member ${name} is stored but claims ${compressed} bytes for ${size}`);
  return { name, size, compressed, deflated: method === 8, crc: bytes.getUint32(at + 16, true), header };
}

/** Where the zip64 field (id 1) of an extra block lies. */
function extra64(bytes: DataView, start: number, length: number): { at: number; readonly end: number } {
  for (let at = start; at + 4 <= start + length; ) {
    const [id, size] = [bytes.getUint16(at, true), bytes.getUint16(at + 2, true)];
    if (id === 1) return { at: at + 4, end: Math.min(at + 4 + size, start + length) };
    at += 4 + size;
  }
  return { at: 0, end: 0 };
}

/**
 * Where a stored member's bytes begin.
 * @throws WeightFileError when it does not lie in the file
 */
export function entryStart(source: ByteSource, entry: ZipEntry): number {
  const fail = zipFailure(source);
  if (entry.header + 30 > source.size) fail(`member ${entry.name} begins at byte ${entry.header} of ${source.size}`);
  const header = view(source.read(entry.header, 30));
  if (header.getUint32(0, true) !== 0x04034b50) fail(`member ${entry.name} is not at byte ${entry.header}, where its directory has it`);
  const start = entry.header + 30 + header.getUint16(26, true) + header.getUint16(28, true);
  if (start + entry.compressed > source.size) fail(`member ${entry.name} claims bytes ${start} to ${start + entry.compressed} of ${source.size}`);
  return start;
}

/**
 * A member's bytes, inflated when they are deflated; deflated ones are checked against their CRC-32 (PyTorch stores its
 * members and may leave their CRC out).
 * @throws WeightFileError when they do not inflate to what the directory claims, or claim more than the budget has
 */
export function readEntryBytes(source: ByteSource, entry: ZipEntry, budget: Budget): Uint8Array<ArrayBuffer> {
  const fail = zipFailure(source);
  const start = entryStart(source, entry);
  if (entry.size > entry.compressed * inflation + 64) fail(`member ${entry.name} claims ${entry.size} bytes from ${entry.compressed} compressed ones, more than deflate can (a zip bomb?)`);
  budget(entry.size + (entry.deflated ? entry.compressed : 0), `member ${entry.name} (${entry.compressed} bytes that inflate to ${entry.size}, as in a zip bomb)`);
  const raw = source.read(start, entry.compressed);
  if (!entry.deflated) return raw;
  const bytes = inflate(raw, entry, fail);
  if (bytes.length !== entry.size) fail(`member ${entry.name} inflates to ${bytes.length} bytes, its directory claims ${entry.size}`);
  if (crc32(bytes) !== entry.crc) fail(`member ${entry.name} does not match its checksum`);
  return bytes;
}

function inflate(raw: Uint8Array, { name, size }: ZipEntry, fail: Fail): Uint8Array<ArrayBuffer> {
  try {
    const out = inflateRawSync(raw, { maxOutputLength: Math.max(size, 1), finishFlush: constants.Z_FINISH });
    return new Uint8Array(out.buffer, out.byteOffset, out.byteLength);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return fail(code === "ERR_BUFFER_TOO_LARGE" ? `member ${name} inflates to more than the ${size} bytes that its directory claims` : `member ${name} does not inflate (${message})`);
  }
}
