import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import { DatasetError } from "./error.ts";
import { jsonErrorPosition } from "./json-position.ts";

/** Receives each element of a wanted top-level array, in file order. */
export type Visit = (section: string, element: unknown) => void;

const QUOTE = 34, COMMA = 44, COLON = 58, OPEN_ARRAY = 91, BACKSLASH = 92, CLOSE_ARRAY = 93, OPEN_OBJECT = 123, CLOSE_OBJECT = 125;
const chunkBytes = 1 << 20;
const skeletonLimit = 64 << 20;

function isSpace(byte: number): boolean {
  return byte === 32 || byte === 10 || byte === 13 || byte === 9;
}

/**
 * Cuts a JSON object into the elements of its big arrays without ever holding the file as one string (V8's strings end
 * at 512 MiB; COCO's own training annotations have 450 MB). Everything outside the wanted arrays, the *skeleton*, is
 * parsed at the end, so that the file as a whole is checked.
 */
class SectionScanner {
  private readonly file: string;
  private readonly wanted: readonly string[];
  private readonly visit: Visit;
  private readonly skeleton: Buffer[] = [];
  private skeletonBytes = 0;
  /** Bytes of the file before `carry`. */
  private base = 0;
  /** The unfinished element, or the unfinished key of the skeleton. */
  private carry: Buffer = Buffer.alloc(0);
  private depth = 0;
  private inString = false;
  private escaped = false;
  /** The wanted array we are in. */
  private section: string | undefined;
  private needsComma = false;
  private afterComma = false;
  /** The latest string at depth 1 and whether its colon was seen. */
  private key: string | undefined;
  private keyStart = -1;
  private colon = false;

  constructor(file: string, wanted: readonly string[], visit: Visit) {
    this.file = file;
    this.wanted = wanted;
    this.visit = visit;
  }

  push(chunk: Buffer): void {
    const scanned = this.carry.length;
    const bytes = scanned === 0 ? chunk : Buffer.concat([this.carry, chunk]);
    let at = scanned;
    let kept = 0;
    while (at < bytes.length) {
      if (this.section === undefined) {
        at = this.scanSkeleton(bytes, at);
        kept = this.keepSkeleton(bytes, kept, at);
      } else {
        if (this.depth === 0) kept = at = this.scanGap(bytes, at);
        if (this.section !== undefined && at < bytes.length) at = this.scanElement(bytes, at, kept);
        if (this.depth === 0) kept = at;
      }
    }
    this.base += kept;
    this.carry = Buffer.from(bytes.subarray(kept));
  }

  /** Checks the end of the file; returns what stands outside the wanted arrays, these being empty. */
  end(): Record<string, unknown> {
    if (this.section !== undefined) throw this.broken(this.base + this.carry.length, `the file ends inside "${this.section}" (an incomplete download or copy?)`);
    const text = Buffer.concat([...this.skeleton, this.carry]).toString("utf8");
    const position = jsonErrorPosition(text);
    if (position !== undefined) throw this.broken(undefined, text.trim() === "" ? "the file is empty" : `outside ${this.wanted.join(", ")}, near ${JSON.stringify(text.slice(Math.max(0, position - 30), position + 20))}`);
    const value = JSON.parse(text) as unknown;
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw new DatasetError(`${this.file}: expected an object with ${this.wanted.join(", ")}, received ${Array.isArray(value) ? "an array (a result file?)" : typeof value}`);
    }
    return value as Record<string, unknown>;
  }

  /** Advances to the byte after the "[" that opens a wanted array, or to the end of the bytes. */
  private scanSkeleton(bytes: Buffer, from: number): number {
    for (let at = from; at < bytes.length; at++) {
      const byte = bytes[at];
      if (this.inString) this.stringByte(byte, bytes, at);
      else if (byte === QUOTE) { this.inString = true; this.keyStart = this.depth === 1 && !this.colon ? this.base + at : -1; }
      else if (byte === COLON && this.depth === 1) this.colon = true;
      else if (byte === COMMA && this.depth === 1) { this.colon = false; this.key = undefined; }
      else if (byte === OPEN_ARRAY && this.depth === 1 && this.colon && this.key !== undefined && this.wanted.includes(this.key)) {
        this.section = this.key;
        this.needsComma = this.afterComma = false;
        this.depth = 0;
        return at + 1;
      } else if (byte === OPEN_ARRAY || byte === OPEN_OBJECT) this.depth++;
      else if (byte === CLOSE_ARRAY || byte === CLOSE_OBJECT) this.depth--;
    }
    return bytes.length;
  }

  private stringByte(byte: number, bytes: Buffer, at: number): void {
    if (this.escaped) this.escaped = false;
    else if (byte === BACKSLASH) this.escaped = true;
    else if (byte === QUOTE) {
      this.inString = false;
      if (this.keyStart >= 0) this.key = bytes.toString("utf8", this.keyStart - this.base + 1, at);
      this.keyStart = -1;
    }
  }

  private keepSkeleton(bytes: Buffer, from: number, to: number): number {
    const end = this.keyStart >= 0 ? this.keyStart - this.base : to;
    if (end <= from) return from;
    this.skeletonBytes += end - from;
    if (this.skeletonBytes > skeletonLimit) throw new DatasetError(`${this.file}: more than 64 MiB outside ${this.wanted.join(", ")}; is this a COCO annotation file?`);
    this.skeleton.push(Buffer.from(bytes.subarray(from, end)));
    return end;
  }

  /** Advances over spaces and commas to the "{" of the next element, or over the "]" that ends the array. */
  private scanGap(bytes: Buffer, from: number): number {
    for (let at = from; at < bytes.length; at++) {
      const byte = bytes[at];
      if (isSpace(byte)) continue;
      if (byte === COMMA && this.needsComma) { this.needsComma = false; this.afterComma = true; }
      else if (byte === OPEN_OBJECT && !this.needsComma) return at;
      else if (byte === CLOSE_ARRAY && !this.afterComma) return this.leave(at);
      else throw this.broken(this.base + at, `in "${this.section!}", expected ${this.needsComma ? '"," or "]"' : 'an object "{"'}, received ${JSON.stringify(String.fromCharCode(byte))}`);
    }
    return bytes.length;
  }

  /** Back to the skeleton, which keeps the empty "[]": its "[" was kept on entering, its "]" is read again. */
  private leave(at: number): number {
    this.section = undefined;
    this.depth = 2;
    this.key = undefined;
    return at;
  }

  /** Advances to the end of an element and hands it on, or to the end of the bytes. */
  private scanElement(bytes: Buffer, from: number, start: number): number {
    let { depth, inString, escaped } = this;
    let at = from;
    for (; at < bytes.length; at++) {
      const byte = bytes[at];
      if (inString) {
        if (escaped) escaped = false;
        else if (byte === BACKSLASH) escaped = true;
        else if (byte === QUOTE) inString = false;
      } else if (byte === QUOTE) inString = true;
      else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) depth++;
      else if ((byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) && --depth === 0) break;
    }
    this.depth = depth;
    this.inString = inString;
    this.escaped = escaped;
    if (at === bytes.length) return at;
    this.needsComma = true;
    this.afterComma = false;
    this.visit(this.section!, this.parse(bytes.toString("utf8", start, at + 1), this.base + start));
    return at + 1;
  }

  private parse(text: string, offset: number): unknown {
    try {
      return JSON.parse(text);
    } catch {
      return this.parseNonFinite(text, offset);
    }
  }

  /** Python writes NaN and Infinity as bare words: they are read as numbers, so that validation can name annotation and field. */
  private parseNonFinite(text: string, offset: number): unknown {
    const mended = text.replace(/"(?:[^"\\]|\\.)*"|-?Infinity|NaN/g, (word) => (word.startsWith('"') ? word : `"\\u0000${word}"`));
    try {
      return JSON.parse(mended, (_key, value: unknown) => (typeof value === "string" && value.startsWith("\u0000") ? Number(value.slice(1)) : value));
    } catch {
      const position = jsonErrorPosition(text) ?? 0;
      throw this.broken(offset + Buffer.byteLength(text.slice(0, position)), `in "${this.section!}", near ${JSON.stringify(text.slice(Math.max(0, position - 30), position + 20))}`);
    }
  }

  private broken(offset: number | undefined, detail: string): DatasetError {
    return new DatasetError(`${this.file}: broken JSON${offset === undefined ? "" : ` at byte ${offset}`}: ${detail}; mend the file or fetch it again`);
  }
}

/**
 * Reads a JSON object whose top-level arrays `wanted` may be far bigger than a string can be.
 * @returns SHA-256 (hex) of the file's bytes, and the object with these arrays left empty
 * Rejects with DatasetError (file, byte position) on broken JSON.
 */
export async function readSections(file: string, wanted: readonly string[], visit: Visit): Promise<{ sha256: string; rest: Record<string, unknown> }> {
  const handle = await open(file).catch((cause: NodeJS.ErrnoException) => {
    throw new DatasetError(cause.code === "ENOENT" ? `${file}: no such file; name an existing COCO annotation file` : `${file}: cannot be read (${cause.message})`);
  });
  try {
    const hash = createHash("sha256");
    const scanner = new SectionScanner(file, wanted, visit);
    const chunk = Buffer.allocUnsafe(chunkBytes);
    for (;;) {
      const { bytesRead } = await handle.read(chunk, 0, chunkBytes);
      if (bytesRead === 0) break;
      const bytes = chunk.subarray(0, bytesRead);
      hash.update(bytes);
      scanner.push(bytes);
    }
    return { rest: scanner.end(), sha256: hash.digest("hex") };
  } finally {
    await handle.close();
  }
}
