import { spawn } from "node:child_process";

/** How a child process ended, with the tail of what it printed. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

const kept = 64 * 1024;

/**
 * Runs a program to its end; it is killed with this process's `signal`. Calls `onLine` for each line of its stdout.
 * Rejects only when the program cannot be started.
 */
export function runChild(command: string, args: readonly string[], options: { env?: NodeJS.ProcessEnv; signal?: AbortSignal; onLine?: (line: string) => void } = {}): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { env: options.env ?? process.env, stdio: ["ignore", "pipe", "pipe"] });
    const abort = () => child.kill("SIGTERM");
    options.signal?.addEventListener("abort", abort, { once: true });
    let [stdout, stderr, partial] = ["", "", ""];
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout = (stdout + text).slice(-kept);
      const lines = (partial + text).split(/\r?\n/);
      partial = lines.pop()!;
      for (const line of lines) options.onLine?.(line);
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => { stderr = (stderr + text).slice(-kept); });
    child.once("error", reject);
    child.once("close", (code, signal) => {
      options.signal?.removeEventListener("abort", abort);
      resolve({ code, signal, stdout, stderr });
    });
  });
}

const diskFull = /ENOSPC|Errno 28|No space left on device|Disk quota exceeded|Errno 122/;

/** The error for a child that failed; a full disk is named as such. */
export function childError(what: string, ended: Ended, folder: string, remedy: string): Error {
  const output = `${ended.stdout}\n${ended.stderr}`;
  if (diskFull.test(output)) return diskFullError(what, folder);
  const lines = ended.stderr.trim().split("\n").filter((line) => !/^\s*WARNING:|^\[notice\]/.test(line));
  const how = ended.signal === null ? `exit code ${ended.code}` : `signal ${ended.signal}`;
  return new Error(`${what} failed (${how}): ${lines.slice(-12).join("\n  ") || "no message"}\n  ${remedy}`);
}

/** The error for a full disk. */
export function diskFullError(what: string, folder: string): Error {
  return new Error(`${what} failed: no space left on the disk of ${folder}. Free some, or set POTSTILL_CACHE to a folder on another disk; nothing half-made is left`);
}

/** Whether an error of Node's file system says that the disk is full. */
export function isDiskFull(error: unknown): boolean {
  return error instanceof Error && diskFull.test(`${(error as NodeJS.ErrnoException).code ?? ""} ${error.message}`);
}
