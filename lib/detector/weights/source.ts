import { closeSync, fstatSync, openSync, readSync } from "node:fs";

/** What is wrong with a weight file: which file, what, and what to do. */
export class WeightFileError extends Error {
  override name = "WeightFileError";
}

/** NaN or infinite values where weights are expected. */
export class NonFiniteWeightsError extends WeightFileError {
  override name = "NonFiniteWeightsError";
  /** What is wrong, without what to do: that differs between a program and a command line. */
  readonly finding: string;

  constructor(finding: string) {
    super(`${finding}. Fetch it again, or read it with nonFinite: "keep"`);
    this.finding = finding;
  }
}

/** A file or an array of bytes, read at positions. */
export interface ByteSource {
  /** Shown in errors. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /**
   * The bytes from `position`, in a buffer of their own that starts with them.
   * @throws WeightFileError when the source ends before
   */
  read(position: number, length: number): Uint8Array<ArrayBuffer>;
  close(): void;
}

const block = 1 << 28; // one call reads at most 2 GiB

/** Opens a file. The caller closes it. @throws Error of the file system */
export function fileSource(path: string): ByteSource {
  const file = openSync(path, "r");
  const { size } = fstatSync(file);
  return {
    path,
    size,
    read(position, length) {
      within(path, size, position, length);
      const out = new Uint8Array(length);
      for (let done = 0; done < length; ) {
        const n = readSync(file, out, done, Math.min(length - done, block), position + done);
        if (n === 0) throw new WeightFileError(`${path} became shorter while it was read`);
        done += n;
      }
      return out;
    },
    close: () => { closeSync(file); },
  };
}

/** Bytes in memory as a source; `path` is what errors call them. */
export function bytesSource(path: string, bytes: Uint8Array): ByteSource {
  return {
    path,
    size: bytes.length,
    read(position, length) {
      within(path, bytes.length, position, length);
      return new Uint8Array(bytes.subarray(position, position + length));
    },
    close: () => undefined,
  };
}

function within(path: string, size: number, position: number, length: number): void {
  if (position >= 0 && length >= 0 && position + length <= size) return;
  throw new WeightFileError(`${path} is truncated or corrupt: bytes ${position} to ${position + length} are asked for, the file has ${size}. Fetch it again`);
}

/** Takes bytes from what a file may make us use; throws when nothing is left. */
export type Budget = (bytes: number, what: string) => void;

const free = 16 * 1024 * 1024;
const factor = 16;

/**
 * Memory that a file may claim in all: 16 MiB and sixteen times its own size (float16 and int8 grow two- and fourfold,
 * storages may be shared). A small file that claims gigabytes is an attack or corrupt.
 */
export function budgetOf({ path, size }: Pick<ByteSource, "path" | "size">): Budget {
  const limit = free + factor * size;
  let left = limit;
  return (bytes, what) => {
    left -= bytes;
    if (left >= 0) return;
    throw new WeightFileError(`${path} is refused: ${what} and what came before would take more than ${limit} bytes, ${factor} times its own ${size} and 16 MiB. It is corrupt or made to fill the memory`);
  };
}
