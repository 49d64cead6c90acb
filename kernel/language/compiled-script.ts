import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { homedir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { Script } from "node:vm";
import { crc32 } from "node:zlib";

/** A CommonJS file that was loaded with V8's compiled code from an earlier run. */
export type CompiledScript = {
  readonly exports: unknown;
  /** Whether compiled code was found. */
  readonly cached: boolean;
  /** Keeps the code compiled by now for later processes, unless it came from the cache. Never throws: a cache may be read-only. */
  keep(): void;
};

/** Where compiled code is kept: `POTSTILL_CACHE`, else `XDG_CACHE_HOME/potstill`, else `~/.cache/potstill`. */
export function codeCacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  const base = env.POTSTILL_CACHE ?? (env.XDG_CACHE_HOME ? join(env.XDG_CACHE_HOME, "potstill") : join(homedir(), ".cache", "potstill"));
  return join(resolve(base), "v8");
}

const checksumBytes = 4;

/**
 * Loads a large CommonJS file that has no dependencies but Node's own modules.
 *
 * Compiling TypeScript's nine megabytes costs a thread a tenth of a second each time; Node keeps compiled code by itself
 * (`module.enableCompileCache`) only from version 22 on, and not for processes that are killed, as kernels are.
 */
export function loadCompiled(file: string, folder = codeCacheFolder()): CompiledScript {
  const place = join(folder, cacheName(file));
  const cachedData = readCode(place);
  // As Node wraps modules: line 1 of the file is line 1 of the script.
  const source = `(function (exports, require, module, __filename, __dirname) {${readFileSync(file, "utf8")}\n})`;
  const script = new Script(source, { filename: file, cachedData });
  const module = { exports: {} as unknown };
  const run = script.runInThisContext() as (...args: unknown[]) => void;
  run.call(module.exports, module.exports, createRequire(file), module, file, dirname(file));
  const cached = cachedData !== undefined && script.cachedDataRejected !== true;
  return { exports: module.exports, cached, keep: () => { if (!cached) writeCode(place, script.createCachedData()); } };
}

/** Code is good for one version of the file, one Node and one kind of processor; V8 itself looks only at the file's length. */
function cacheName(file: string): string {
  const { size, mtimeMs } = statSync(file);
  const identity = `${file}\n${size}\n${mtimeMs}\n${process.version}\n${process.versions.v8}`;
  return `${basename(file, ".js")}-${process.arch}-${crc32(identity).toString(16).padStart(8, "0")}.bin`;
}

function readCode(place: string): Buffer | undefined {
  try {
    const bytes = readFileSync(place);
    const code = bytes.subarray(checksumBytes);
    return bytes.length > checksumBytes && bytes.readUInt32LE(0) === crc32(code) ? code : undefined;
  } catch {
    return undefined; // not there yet
  }
}

function writeCode(place: string, code: Buffer): void {
  const part = `${place}.${process.pid}.tmp`;
  try {
    mkdirSync(dirname(place), { recursive: true });
    const checksum = Buffer.alloc(checksumBytes);
    checksum.writeUInt32LE(crc32(code));
    writeFileSync(part, Buffer.concat([checksum, code]), { flag: "wx", mode: 0o600 });
    renameSync(part, place);
  } catch {
    discard(part);
  }
}

function discard(part: string): void {
  try {
    rmSync(part, { force: true });
  } catch { /* its folder is none */ }
}
