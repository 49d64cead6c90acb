import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { lockHolder, tryLock, type Held } from "../backend/setup/lock.ts";
import { makeFolder } from "../backend/setup/make-folder.ts";

/**
 * Writes a text file whole or not at all, and the folders above it.
 * @throws Error naming the file; an older version of it stays
 */
export function writeAtomic(path: string, text: string): void {
  replaceFile(path, (file) => {
    writeFileSync(file, text);
  }, () => makeFolder(dirname(path)));
}

/**
 * Puts a new file in a path's place whole or not at all: temporary file beside it, flushed, renamed.
 * @param write fills the open file
 * @param prepare runs before it is opened; what it throws is told in the same words
 * @throws Error naming the file; the temporary file is removed and an older file stays
 */
export function replaceFile(path: string, write: (file: number) => void, prepare?: () => void): void {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    prepare?.();
    const file = openSync(temporary, "w");
    try {
      write(file);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw new Error(`cannot write ${path}: ${(error as Error).message}`, { cause: error });
  }
}

/** A holder on another machine that gave no sign of life for this long is gone; longer than any one step takes. */
const silence = 10 * 60_000;

/** Another live process works in a folder: no failure of the work, which can be asked for again later. */
export class BusyError extends Error {
  override name = "BusyError";
  /** "process 7 on host". */
  readonly holder: string;
  constructor(folder: string, holder: string) {
    super(`${folder} is being trained by ${holder}. Wait for it, or stop it; the claim of a process on another machine ends ten minutes after its last step`);
    this.holder = holder;
  }
}

/** The live process that has claimed a folder with this file ("process 7 on host"); undefined where `claim` would succeed. */
export function claimedBy(path: string): string | undefined {
  return lockHolder(path, silence);
}

/**
 * Claims a folder for this process with a file that names process and host; the claim of a process that is gone is taken
 * over, one of another host only after ten minutes without a sign of life. It gives one by itself while the process waits;
 * who computes without a pause calls `beat()`.
 * @throws BusyError naming the folder and the process that holds it
 */
export function claim(path: string): Held {
  const held = tryLock(path, silence);
  if (typeof held !== "string") {
    const timer = setInterval(() => held.beat(), 5000);
    timer.unref();
    return { beat: () => held.beat(), release: () => { clearInterval(timer); held.release(); } };
  }
  throw new BusyError(dirname(path), held);
}
