import { closeSync, openSync, readSync } from "node:fs";
import { scaled } from "./decimal.ts";

const [QUOTE, BACKSLASH, COMMA, COLON, MINUS, PLUS, POINT] = [0x22, 0x5c, 0x2c, 0x3a, 0x2d, 0x2b, 0x2e];
const [OPEN_BRACE, CLOSE_BRACE, OPEN_BRACKET, CLOSE_BRACKET, ZERO, LOWER_E] = [0x7b, 0x7d, 0x5b, 0x5d, 0x30, 0x65];
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
  readonly #file: number;
  #window: Uint8Array;
  #position = 0;
  #end = 0;
  /** File offset of the window's first byte. */
  #offset = 0;
  /** Start of a token that must stay in the window, or −1. */
  #kept = -1;
  #finished = false;

  constructor(path: string, { windowBytes = 1 << 20 }: { windowBytes?: number } = {}) {
    this.path = path;
    this.#file = openSync(path, "r");
    this.#window = new Uint8Array(windowBytes);
  }

  close(): void {
    closeSync(this.#file);
  }

  /** The first byte of the next token, 0 at the end of the file. */
  peek(): number {
    for (;;) {
      const byte = this.#byte();
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return byte;
      this.#position++;
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
    this.#kept = -1;
    this.#expect(COLON, ":");
    return found;
  }

  string(): string {
    const [from, to] = this.#stringBytes();
    const text = this.#decode(from, to);
    this.#kept = -1;
    return text;
  }

  /** Reads a number, correctly rounded. */
  number(): number {
    this.peek();
    this.#kept = this.#position;
    const negative = this.#byte() === MINUS;
    if (negative) this.#position++;
    const value = this.#magnitude();
    this.#kept = -1;
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
    for (let i = 0; i < word.length; i++, this.#position++) {
      if (this.#byte() !== word.charCodeAt(i)) throw this.#error("expected a value");
    }
    return word === "null" ? null : word === "true";
  }

  /** Checks that nothing but space follows. */
  finish(): void {
    const byte = this.peek();
    if (byte !== 0 || this.#position < this.#end) throw this.#error("something follows the end of the document");
  }

  #skipString(): void {
    this.#stringBytes();
    this.#kept = -1;
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
    this.#position++;
  }

  #leave(byte: number): boolean {
    if (this.peek() !== byte) return false;
    this.#position++;
    return true;
  }

  /** The byte at the position, reading on when the window is used up; 0 at the end of the file. */
  #byte(): number {
    if (this.#position === this.#end && !this.#refill()) return 0;
    return this.#window[this.#position];
  }

  #refill(): boolean {
    if (this.#finished) return false;
    const from = this.#kept < 0 ? this.#position : this.#kept;
    const rest = this.#end - from;
    if (rest * 2 > this.#window.length) {
      const larger = new Uint8Array(this.#window.length * 2);
      larger.set(this.#window.subarray(from, this.#end));
      this.#window = larger;
    } else this.#window.copyWithin(0, from, this.#end);
    this.#offset += from;
    this.#position -= from;
    if (this.#kept >= 0) this.#kept = 0;
    const read = readSync(this.#file, this.#window, rest, this.#window.length - rest, null);
    this.#end = rest + read;
    this.#finished = read === 0;
    return read > 0;
  }

  /** Passes a string; its bytes stay in the window until `#kept` is cleared. Returns [from, to, has escapes]. */
  #stringBytes(): [number, number, boolean] {
    this.#expect(QUOTE, 'a string in "…"');
    this.#kept = this.#position;
    let escaped = false;
    for (;;) {
      const byte = this.#byte();
      if (byte === QUOTE) break;
      if (byte < 0x20) throw this.#error(this.#position === this.#end ? "the file ends inside a string" : "control character in a string");
      if (byte === BACKSLASH) {
        escaped = true;
        this.#position++;
        if (this.#byte() === 0) throw this.#error("the file ends inside a string");
      }
      this.#position++;
    }
    this.#position++;
    return [this.#kept, this.#position - 1, escaped];
  }

  #decode(from: number, to: number): string {
    const text = decoder.decode(this.#window.subarray(from, to));
    if (!text.includes("\\")) return text;
    try {
      return JSON.parse(`"${text}"`) as string;
    } catch {
      throw this.#error("broken escape in a string");
    }
  }

  #find(table: KeyTable, from: number, to: number): number {
    const length = to - from;
    for (let place = 0; place < table.length; place++) {
      const name = table[place];
      if (name.length !== length) continue;
      let i = 0;
      while (i < length && name[i] === this.#window[from + i]) i++;
      if (i === length) return place;
    }
    return -1;
  }

  #magnitude(): number {
    let high = 0;
    let low = 0;
    let digits = 0;
    let whole = 0;
    let fraction = -1;
    const leading = this.#byte();
    for (let byte = leading; ; byte = this.#next()) {
      if (!isDigit(byte)) {
        if (byte !== POINT || fraction >= 0 || whole === 0) break;
        fraction = 0;
        continue;
      }
      if (fraction < 0) whole++;
      else fraction++;
      if (digits > 0 || byte !== ZERO) digits++;
      if (digits <= 15) high = high * 10 + (byte - ZERO);
      else if (digits <= 22) low = low * 10 + (byte - ZERO);
    }
    if (whole === 0 || fraction === 0 || (leading === ZERO && whole > 1)) throw this.#error("expected a number as JSON writes it");
    const exponent = (this.#byte() | 0x20) === LOWER_E ? this.#exponent() : 0;
    const value = digits <= 22 ? scaled(high, low, Math.max(0, digits - 15), Math.max(0, fraction) - exponent) : NaN;
    return Number.isNaN(value) ? Math.abs(Number(this.#text(this.#kept, this.#position))) : value;
  }

  #exponent(): number {
    let byte = this.#next();
    const negative = byte === MINUS;
    if (negative || byte === PLUS) byte = this.#next();
    if (!isDigit(byte)) throw this.#error("expected the digits of an exponent");
    let exponent = 0;
    for (; isDigit(byte); byte = this.#next()) exponent = Math.min(99_999, exponent * 10 + (byte - ZERO));
    return negative ? -exponent : exponent;
  }

  #next(): number {
    this.#position++;
    return this.#byte();
  }

  #text(from: number, to: number): string {
    return String.fromCharCode(...this.#window.subarray(from, to));
  }

  #error(problem: string): JsonError {
    const place = this.#position === this.#end && this.#finished ? "at the end of the file" : `at byte ${this.#offset + this.#position}`;
    return new JsonError(`${this.path} is not valid JSON: ${problem} ${place}${this.#near()}`);
  }

  #near(): string {
    const text = this.#text(this.#position, Math.min(this.#end, this.#position + 24)).replace(/[^\x20-\x7e]/g, " ");
    return text === "" ? "" : `, where it has ${JSON.stringify(text)}`;
  }
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}
