import { spawn, spawnSync } from "node:child_process";
import { closeSync, constants, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { devNull, tmpdir } from "node:os";
import { join } from "node:path";
import type { Socket } from "node:net";
import { Writable } from "node:stream";

/** Where the kernel's own log goes, and where what is written to file descriptors 1 and 2 comes out. */
export interface StandardStreams {
  readonly log: number;
  /** Ends to read from, without blocking; undefined where the descriptors could not be taken (Windows, no `mkfifo`). */
  readonly captured: { readonly stdout: number; readonly stderr: number } | undefined;
}

const { O_APPEND, O_NOCTTY, O_NONBLOCK, O_RDONLY, O_WRONLY } = constants;

/**
 * Puts pipes at file descriptors 1 and 2, so that child processes and native code write into cells, and nothing at 0, so
 * that a child cannot wait for (or swallow) what was meant for the kernel.
 *
 * Node has no `dup2`, but POSIX gives a new file the lowest free number: a descriptor is closed and a named pipe opened in
 * its place. So this must run before any other thread does, and a pipe's name is gone when this returns.
 */
export function takeStandardStreams(): StandardStreams {
  if (process.platform === "win32") return { log: 2, captured: undefined };
  const folder = makePipes();
  if (folder === undefined) return { log: 2, captured: undefined };
  try {
    const log = reopenStderr() ?? relayStderr(join(folder, "log"));
    replace(0, devNull, O_RDONLY);
    const captured = { stdout: takeOver(1, join(folder, "1")), stderr: takeOver(2, join(folder, "2")) };
    // Node's own streams would switch the pipes to non-blocking, and native code would lose what does not fit.
    define("stdout", 1);
    define("stderr", 2);
    return { log, captured };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A private folder with named pipes, or undefined where they cannot be made. */
function makePipes(): string | undefined {
  let folder: string | undefined;
  try {
    folder = mkdtempSync(join(tmpdir(), "potstill-")); // mode 0700
    const { status } = spawnSync("mkfifo", ["1", "2", "log"].map((name) => join(folder!, name)), { stdio: "ignore" });
    if (status === 0) return folder;
  } catch { /* no place for temporary files */ }
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  return undefined;
}

/** The stderr that the kernel was started with, under another number; undefined when it cannot be opened again (a socket). */
function reopenStderr(): number | undefined {
  try {
    // Not blocking: whoever started the kernel may never read its log.
    return openSync("/dev/fd/2", O_WRONLY | O_APPEND | O_NOCTTY | O_NONBLOCK);
  } catch {
    return undefined;
  }
}

/** A pipe whose content a small process copies to the stderr that the kernel was started with, until the kernel ends. */
function relayStderr(pipe: string): number {
  const source = openSync(pipe, O_RDONLY | O_NONBLOCK);
  const sink = openSync(pipe, O_WRONLY | O_NONBLOCK);
  const relay = spawn("/bin/sh", ["-c", "trap '' HUP INT QUIT TERM; exec cat >&2"], { stdio: [source, "ignore", 2], detached: true });
  relay.on("error", () => undefined); // then there is no log
  relay.unref();
  closeSync(source);
  return sink;
}

/** Held so that the standard input of the process behind it ends with the kernel and not earlier. */
let lifeline: Socket | undefined;

/**
 * Waits until the kernel is gone and copies into its log what nobody has read from its stderr. V8 announces there that
 * memory has run out and ends the process at once: on a busy machine no thread of the kernel has time to pass that on.
 */
export function keepLastWords({ captured, log }: StandardStreams): void {
  if (captured === undefined) return;
  const script = "trap '' HUP INT QUIT TERM; cat >/dev/null; exec cat <&3 >&4";
  const heir = spawn("/bin/sh", ["-c", script], { stdio: ["pipe", "ignore", "ignore", captured.stderr, log], detached: true, cwd: "/" });
  heir.on("error", () => undefined); // then they may be lost
  heir.unref();
  lifeline = heir.stdin as Socket;
  lifeline.on("error", () => undefined).unref();
}

/** Puts a pipe at the descriptor and returns its other end. */
function takeOver(descriptor: number, pipe: string): number {
  const source = openSync(pipe, O_RDONLY | O_NONBLOCK);
  replace(descriptor, pipe, O_WRONLY);
  return source;
}

function replace(descriptor: number, path: string, flags: number): void {
  closeSync(descriptor);
  const opened = openSync(path, flags);
  if (opened !== descriptor) throw new Error(`file descriptor ${descriptor} could not be replaced (received ${opened}); start the kernel with open standard streams.`);
}

function define(name: "stdout" | "stderr", descriptor: number): void {
  const stream = new Writable({ decodeStrings: true, write(chunk: Buffer, _encoding, done) { writeSync(descriptor, chunk); done(); } });
  Object.defineProperty(process, name, { value: Object.assign(stream, { fd: descriptor }), configurable: true, enumerable: true, writable: true });
}
