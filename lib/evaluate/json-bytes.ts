import { ByteWindow } from "./byte-window.ts";
import { readMagnitude } from "./json-number.ts";

const [QUOTE, BACKSLASH, COMMA, COLON, MINUS] = [0x22, 0x5c, 0x2c, 0x3a, 0x2d];
const [OPEN_BRACE, CLOSE_BRACE, OPEN_BRACKET, CLOSE_BRACKET] = [0x7b, 0x7d, 0x5b, 0x5d];
const MAX_DEPTH = 512;
const decoder = new TextDecoder();

/** The file is not JSON; the message names the file and the byte. */
export class JsonError extends Error {
  override name = "JsonError";
}

export type JsonKind = "object" | "array" | "string" | "number" | "boolean" | "null" | "nothing";

const KINDS: Readonly<Record<number, JsonKind>> = { [OPEN_BRACE]: "object", [OPEN_BRACKET]: "array", [QUOTE]: "string", 0x74: "boolean", 0x66: "boolean", 0x6e: "null" };

/** A JSON object's keys that a reader cares about, as bytes. */
export type KeyTable = readonly Uint8Array[];

/** Prepares the keys of `key`. */
export const keyTable = (names: readonly string[]): KeyTable => names.map((name) => new TextEncoder().encode(name));

/**
 * Reads a JSON file as bytes, a window at a time, so that a file may be larger than a V8 string (512 MiB) and numbers go
 * straight into columns. The caller walks the structure: `enterArray`/`nextItem`, `enterObject`/`nextKey`, and takes
 * each value with `number`, `string` or `skip`. Call `close` when done. Throws `JsonError` on anything that is not JSON.
 */
export class JsonBytes {
  readonly path: string;
  readonly #window: ByteWindow;

  constructor(path: string, { windowBytes = 1 << 20 }: { windowBytes?: number } = {}) {
    this.path = path;
    this.#window = new ByteWindow(path, windowBytes);
  }

  close(): void {
    this.#window.close();
  }

  /** The first byte of the next token, 0 at the end of the file. */
  peek(): number {
    for (;;) {
      const byte = this.#window.byte();
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return byte;
      this.#window.position++;
    }
  }

  /** What kind of value comes next; "nothing" when no value starts here. */
  kind(): JsonKind {
    const byte = this.peek();
    if (byte === MINUS || isDigit(byte)) return "number";
    return KINDS[byte] ?? "nothing";
  }

  /** Enters `[`; returns false when the array is empty, which is then already left. */
  enterArray(): boolean {
    this.#expect(OPEN_BRACKET, "[");
    return !this.#leave(CLOSE_BRACKET);
  }

  /** After an item: whether another follows; leaves the array when not. */
  nextItem(): boolean {
    if (this.#leave(CLOSE_BRACKET)) return false;
    this.#expect(COMMA, ", or ]");
    return true;
  }

  /** Enters `{`; returns false when the object is empty, which is then already left. */
  enterObject(): boolean {
    this.#expect(OPEN_BRACE, "{");
    return !this.#leave(CLOSE_BRACE);
  }

  /** After a value: whether another key follows; leaves the object when not. */
  nextKey(): boolean {
    if (this.#leave(CLOSE_BRACE)) return false;
    this.#expect(COMMA, ", or }");
    return true;
  }

  /** Reads a key and its colon; returns its place in the table, or −1. */
  key(table: KeyTable): number {
    const [from, to, escaped] = this.#stringBytes();
    const found = escaped ? table.findIndex((name) => decoder.decode(name) === this.#decode(from, to)) : this.#find(table, from, to);
    this.#window.kept = -1;
    this.#expect(COLON, ":");
    return found;
  }

  string(): string {
    const [from, to] = this.#stringBytes();
    const text = this.#decode(from, to);
    this.#window.kept = -1;
    return text;
  }

  /** Reads a number, correctly rounded. */
  number(): number {
    const negative = this.peek() === MINUS;
    if (negative) this.#window.position++;
    const value = readMagnitude(this.#window);
    if (Number.isNaN(value)) throw this.#error("expected a number as JSON writes it");
    return negative ? -value : value;
  }

  /** Reads a value of any kind, checking that it is JSON, and forgets it. */
  skip(depth = 0): void {
    const byte = this.peek();
    if (depth > MAX_DEPTH) throw this.#error(`nested more than ${MAX_DEPTH} deep`);
    if (byte === QUOTE) this.#skipString();
    else if (byte === OPEN_BRACE) this.#skipObject(depth);
    else if (byte === OPEN_BRACKET) this.#skipArray(depth);
    else if (byte === MINUS || isDigit(byte)) this.number();
    else this.literal();
  }

  /** Reads `true`, `false` or `null`. */
  literal(): boolean | null {
    const start = this.peek();
    const word = start === 0x74 ? "true" : start === 0x66 ? "false" : "null";
    for (let i = 0; i < word.length; i++, this.#window.position++) {
      if (this.#window.byte() !== word.charCodeAt(i)) throw this.#error("expected a value");
    }
    return word === "null" ? null : word === "true";
  }

  /** Checks that nothing but space follows. */
  finish(): void {
    const byte = this.peek();
    if (byte !== 0 || !this.#window.atEnd) throw this.#error("something follows the end of the document");
  }

  #skipString(): void {
    this.#stringBytes();
    this.#window.kept = -1;
  }

  #skipObject(depth: number): void {
    for (let more = this.enterObject(); more; more = this.nextKey()) {
      this.key([]);
      this.skip(depth + 1);
    }
  }

  #skipArray(depth: number): void {
    for (let more = this.enterArray(); more; more = this.nextItem()) this.skip(depth + 1);
  }

  #expect(byte: number, shown: string): void {
    if (this.peek() !== byte) throw this.#error(`expected ${shown}`);
    this.#window.position++;
  }

  #leave(byte: number): boolean {
    if (this.peek() !== byte) return false;
    this.#window.position++;
    return true;
  }

  /** Passes a string; its bytes stay in the window until `#kept` is cleared. Returns [from, to, has escapes]. */
  #stringBytes(): [number, number, boolean] {
    this.#expect(QUOTE, 'a string in "…"');
    this.#window.kept = this.#window.position;
    let escaped = false;
    for (;;) {
      const byte = this.#window.byte();
      if (byte === QUOTE) break;
      if (byte < 0x20) throw this.#error(this.#window.atEnd ? "the file ends inside a string" : "control character in a string");
      if (byte === BACKSLASH) {
        escaped = true;
        this.#window.position++;
        if (this.#window.byte() === 0) throw this.#error("the file ends inside a string");
      }
      this.#window.position++;
    }
    this.#window.position++;
    return [this.#window.kept, this.#window.position - 1, escaped];
  }

  #decode(from: number, to: number): string {
    const text = decoder.decode(this.#window.bytes.subarray(from, to));
    if (!text.includes("\\")) return text;
    try {
      return JSON.parse(`"${text}"`) as string;
    } catch {
      throw this.#error("broken escape in a string");
    }
  }

  #find(table: KeyTable, from: number, to: number): number {
    const { bytes } = this.#window;
    const length = to - from;
    for (let place = 0; place < table.length; place++) {
      const name = table[place];
      if (name.length !== length) continue;
      let i = 0;
      while (i < length && name[i] === bytes[from + i]) i++;
      if (i === length) return place;
    }
    return -1;
  }

  #error(problem: string): JsonError {
    const { bytes, position, end, offset } = this.#window;
    const near = this.#window.text(position, Math.min(end, position + 24)).replace(/[^\x20-\x7e]/g, " ");
    const place = this.#window.atEnd ? "at the end of the file" : `at byte ${offset}, where it has ${JSON.stringify(near)}`;
    return new JsonError(`${this.path} is not valid JSON: ${problem} ${place}${bytes[0] === 0x1f ? ". Unpack it first if it is gzip" : ""}`);
  }
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}
