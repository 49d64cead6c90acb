import { closeSync, openSync, readSync } from "node:fs";

/** A file's bytes, a window at a time. A zero byte follows the last one read, so that scanning loops stop there. */
export class ByteWindow {
  bytes: Uint8Array;
  /** Place of the next byte in `bytes`. */
  position = 0;
  /** Place after the last byte read. */
  end = 0;
  /** Start of a token whose bytes must stay, or −1. */
  kept = -1;
  /** Whether the file has been read to its end. */
  finished = false;
  readonly #file: number;
  #offset = 0;

  constructor(path: string, size: number) {
    this.#file = openReadable(path);
    this.bytes = new Uint8Array(size);
  }

  close(): void {
    closeSync(this.#file);
  }

  /** How far into the file the position is. */
  get offset(): number {
    return this.#offset + this.position;
  }

  /** The byte at the position, reading on when the window is used up; 0 at the end of the file. */
  byte(): number {
    if (this.position === this.end && !this.refill()) return 0;
    return this.bytes[this.position];
  }

  next(): number {
    this.position++;
    return this.byte();
  }

  get atEnd(): boolean {
    return this.position === this.end && !this.refill();
  }

  /** Forgets what lies before the position, or before what is kept, and reads more; false at the end of the file. */
  refill(): boolean {
    if (this.finished) return false;
    const from = this.kept < 0 ? this.position : this.kept;
    const rest = this.end - from;
    if (rest * 2 > this.bytes.length) {
      const larger = new Uint8Array(this.bytes.length * 2);
      larger.set(this.bytes.subarray(from, this.end));
      this.bytes = larger;
    } else this.bytes.copyWithin(0, from, this.end);
    this.#offset += from;
    this.position -= from;
    if (this.kept >= 0) this.kept = 0;
    const read = readSync(this.#file, this.bytes, rest, this.bytes.length - rest - 1, null);
    this.end = rest + read;
    this.bytes[this.end] = 0;
    this.finished = read === 0;
    return read > 0;
  }

  /** The bytes [from, to) as characters; for ASCII. */
  text(from: number, to: number): string {
    return String.fromCharCode(...this.bytes.subarray(from, to));
  }
}

function openReadable(path: string): number {
  try {
    return openSync(path, "r");
  } catch (error) {
    throw new Error(`${path} cannot be read: ${(error as NodeJS.ErrnoException).code === "ENOENT" ? "there is no such file" : (error as Error).message}`, { cause: error });
  }
}
