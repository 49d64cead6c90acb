import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

interface Holder {
  readonly pid: number;
  readonly host: string;
  readonly nonce: string;
}

/** Settings of a lock; times in milliseconds. */
export interface LockOptions {
  /** Called once when another process holds the lock. */
  readonly onWait?: (holder: string) => void;
  readonly signal?: AbortSignal;
  /** The holder touches the file this often. Default 5 s. */
  readonly beat?: number;
  /** A lock not touched for this long is abandoned. Default 60 s. */
  readonly stale?: number;
}

/**
 * Runs the action while holding a lock file, so that processes, also of other machines on a shared disk, take turns.
 *
 * A lock whose holder is dead (same machine) or silent (any machine) is taken over. Taking over can race in theory; the
 * guarded work is put in place by renames, so even then it is only done twice.
 */
export async function withLock<T>(path: string, action: () => Promise<T>, options: LockOptions = {}): Promise<T> {
  const mine = `${path}.${process.pid}.${Math.random().toString(36).slice(2)}`;
  mkdirSync(dirname(path), { recursive: true });
  const holder: Holder = { pid: process.pid, host: hostname(), nonce: mine };
  writeFileSync(mine, JSON.stringify(holder));
  try {
    await acquire(path, mine, options);
  } finally {
    rmSync(mine, { force: true });
  }
  const beat = setInterval(() => touch(path), options.beat ?? 5000);
  beat.unref();
  try {
    return await action();
  } finally {
    clearInterval(beat);
    if (readHolder(path)?.nonce === mine) rmSync(path, { force: true });
  }
}

async function acquire(path: string, mine: string, options: LockOptions): Promise<void> {
  for (let told = false; ; ) {
    options.signal?.throwIfAborted();
    touch(mine);
    try {
      linkSync(mine, path); // atomic, and the content is there from the first moment
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    const holder = readHolder(path);
    if (isAbandoned(path, holder, options.stale ?? 60_000)) {
      removeAbandoned(path, `${mine}.old`, holder);
      continue;
    }
    if (!told) options.onWait?.(holder === undefined ? "another process" : `process ${holder.pid} on ${holder.host}`);
    told = true;
    await sleep(200, undefined, options.signal ? { signal: options.signal } : {});
  }
}

function isAbandoned(path: string, holder: Holder | undefined, stale: number): boolean {
  const touched = statSync(path, { throwIfNoEntry: false })?.mtimeMs;
  if (touched === undefined) return false;
  if (holder?.host === hostname() && !isAlive(holder.pid)) return true;
  return Date.now() - touched > stale;
}

/** Moves the lock away and looks again: when somebody renewed it in between, it is put back. */
function removeAbandoned(path: string, aside: string, seen: Holder | undefined): void {
  try {
    renameSync(path, aside);
    if (readHolder(aside)?.nonce !== seen?.nonce) linkSync(aside, path);
  } catch (error) {
    if (!["ENOENT", "EEXIST"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
  } finally {
    rmSync(aside, { force: true });
  }
}

function readHolder(path: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Holder;
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function touch(path: string): void {
  try {
    utimesSync(path, new Date(), new Date());
  } catch {
    // The lock was taken over after a long stop of this process; the renames at the end keep the result whole.
  }
}
