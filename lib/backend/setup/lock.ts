import { existsSync, linkSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { makeFolder } from "./make-folder.ts";

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

/** A lock that this process holds. */
export interface Held {
  /** A sign of life for processes of other machines. */
  beat(): void;
  release(): void;
}

/**
 * Runs the action while holding a lock file, so that processes, also of other machines on a shared disk, take turns.
 *
 * A lock whose holder is dead (same machine) or silent (any machine) is taken over. Taking over can race in theory; the
 * guarded work is put in place by renames, so even then it is only done twice.
 */
export async function withLock<T>(path: string, action: () => Promise<T>, options: LockOptions = {}): Promise<T> {
  const held = await acquire(path, options);
  const beat = setInterval(() => held.beat(), options.beat ?? 5000);
  beat.unref();
  try {
    return await action();
  } finally {
    clearInterval(beat);
    held.release();
  }
}

/**
 * Takes a lock file that is free, or abandoned as `withLock` says; does not wait.
 * @param stale milliseconds after which a silent holder has abandoned its lock
 * @returns the lock, or who holds it ("process 7 on host")
 */
export function tryLock(path: string, stale = 60_000): Held | string {
  const nonce = `${process.pid}.${Math.random().toString(36).slice(2)}`;
  makeFolder(dirname(path));
  for (let attempt = 0; attempt < 3; attempt++) {
    const holder = readHolder(path);
    if (existsSync(path)) {
      if (!isAbandoned(path, holder, stale)) return nameOf(holder);
      removeAbandoned(path, `${path}.${nonce}.old`, holder);
    }
    if (create(path, { pid: process.pid, host: hostname(), nonce })) {
      return { beat: () => touch(path), release: () => { if (readHolder(path)?.nonce === nonce) rmSync(path, { force: true }); } };
    }
  }
  return "another process";
}

/** Who holds a lock file ("process 7 on host"); undefined where it is free, or abandoned as `tryLock` says. Takes nothing. */
export function lockHolder(path: string, stale = 60_000): string | undefined {
  if (!existsSync(path)) return undefined;
  const holder = readHolder(path);
  return isAbandoned(path, holder, stale) ? undefined : nameOf(holder);
}

const nameOf = (holder: Holder | undefined): string => (holder === undefined ? "another process" : `process ${holder.pid} on ${holder.host}`);

/** Makes the lock, with its content from the first moment on: a filled file gets a second name. False: it exists. */
function create(path: string, holder: Holder): boolean {
  const filled = `${path}.${holder.nonce}`;
  try {
    writeFileSync(filled, JSON.stringify(holder));
    linkSync(filled, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  } finally {
    rmSync(filled, { force: true });
  }
}

async function acquire(path: string, { signal, stale, onWait }: LockOptions): Promise<Held> {
  for (let told = false; ; told = true) {
    signal?.throwIfAborted();
    const held = tryLock(path, stale);
    if (typeof held !== "string") return held;
    if (!told) onWait?.(held);
    await sleep(200, undefined, signal ? { signal } : {});
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
