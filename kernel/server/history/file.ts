import { randomUUID } from "node:crypto";
import { open, readFile, realpath, rename, rm, stat, writeFile } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { dirname } from "node:path";
import { makeFolder } from "../../make-folder.ts";
import { formatCell, formatNewest, parseHistory } from "./record.ts";
import type { HistoryContent, StoredCell } from "./record.ts";

/** A file that grows beyond `bytes` is cut to its newest half. */
export interface HistoryLimit {
  readonly bytes: number;
}

/** How old another kernel's lock must be before its owner counts as dead, in milliseconds. */
const staleLock = 60_000;

const newline = 10;

/** How often lines are appended anew while other kernels keep replacing the file. */
const maximumAttempts = 5;

/**
 * Cells in a file to which several kernels append at the same time. No lock is needed for that: each line is appended in
 * one write. Only for its owner to read.
 */
export class HistoryFile {
  readonly #path: string;
  readonly #limit: HistoryLimit;

  constructor(path: string, limit: HistoryLimit = { bytes: 8 * 1024 * 1024 }) {
    this.#path = path;
    this.#limit = limit;
  }

  /** Everything in the file; nothing when there is none. Throws when it cannot be read. */
  async read(): Promise<HistoryContent> {
    return parseHistory(await readFile(this.#path, "utf8").catch(emptyWhenAbsent));
  }

  /** Throws when the file cannot be written. */
  async append(cells: readonly StoredCell[]): Promise<void> {
    const size = await this.#append(cells.map(formatCell).join(""));
    if (size > this.#limit.bytes) await this.#compact();
  }

  /** Appends lines and resolves with the file's size. */
  async #append(lines: string): Promise<number> {
    makeFolder(dirname(this.#path), 0o700);
    for (let attempt = 0; attempt < maximumAttempts; attempt++) {
      const handle = await open(this.#path, "a+", 0o600);
      try {
        const size = await write(handle, lines);
        if (await isStill(this.#path, handle)) return size;
        // Another kernel has put a shorter file in its place: the lines may have missed that. Doubles are ignored.
      } finally {
        await handle.close();
      }
    }
    return 0;
  }

  async #compact(): Promise<void> {
    const lock = `${this.#path}.lock`;
    if (!(await locked(lock))) return; // another kernel is at it
    try {
      await this.#replace();
    } finally {
      await rm(lock, { force: true });
    }
  }

  /** Puts a shorter file in the place of this one, in one step. */
  async #replace(): Promise<void> {
    const path = await realpath(this.#path);
    const old = await open(path, "r");
    const fresh = `${path}.${randomUUID()}.tmp`;
    try {
      const all = await old.readFile(); // leaves the position at what comes later
      const end = all.lastIndexOf(newline) + 1;
      await writeFile(fresh, formatNewest(parseHistory(all.toString("utf8", 0, end)), this.#limit.bytes / 2), { mode: 0o600 });
      await rename(fresh, path);
      // What others appended to the old file meanwhile; who appends from now on notices the new one.
      const late = Buffer.concat([all.subarray(end), await old.readFile()]).toString("utf8");
      if (late !== "") await this.#append(`\n${late}\n`);
    } finally {
      await old.close();
      await rm(fresh, { force: true });
    }
  }
}

/** Appends, on a line of its own even after a line that was torn by a crash. Resolves with the size. */
async function write(handle: FileHandle, lines: string): Promise<number> {
  const stats = await handle.stat();
  if (!stats.isFile()) throw new Error("it is no regular file");
  if ((stats.mode & 0o077) !== 0) await handle.chmod(0o600).catch(() => undefined); // another user's
  const { size } = stats;
  const { bytesRead, buffer } = size > 0 ? await handle.read(Buffer.alloc(1), 0, 1, size - 1) : { bytesRead: 0, buffer: Buffer.alloc(0) };
  const text = bytesRead === 1 && buffer[0] !== newline ? `\n${lines}` : lines;
  await handle.appendFile(text);
  return size + Buffer.byteLength(text);
}

async function isStill(path: string, handle: FileHandle): Promise<boolean> {
  const [named, held] = await Promise.all([stat(path).catch(() => undefined), handle.stat()]);
  return named?.ino === held.ino && named.dev === held.dev;
}

/** Whether the lock is ours now. */
async function locked(lock: string): Promise<boolean> {
  try {
    await writeFile(lock, String(process.pid), { flag: "wx", mode: 0o600 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    const age = Date.now() - ((await stat(lock).catch(() => undefined))?.mtimeMs ?? Date.now());
    if (age > staleLock) await rm(lock, { force: true }); // the next time
    return false;
  }
}

function emptyWhenAbsent(error: NodeJS.ErrnoException): string {
  if (error.code === "ENOENT") return "";
  throw error;
}
