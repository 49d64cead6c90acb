import { constants } from "node:fs";
import { open, realpath, rename, rm, stat, writeFile } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/** Writing a file failed; the message says which and why. */
export class WriteError extends Error {
  override name = "WriteError";
}

const remedies: Record<string, string> = {
  ENOSPC: "The disk is full: free space or write elsewhere.",
  EDQUOT: "The disk quota is used up: free space or write elsewhere.",
  EACCES: "The folder cannot be written: check its permissions or write elsewhere.",
  EPERM: "The folder cannot be written: check its permissions or write elsewhere.",
  EROFS: "The file system is read-only: write elsewhere.",
  ENOENT: "The folder does not exist: make it first.",
  ENOTDIR: "A part of the path is no folder.",
  EISDIR: "That is a folder; give a file name.",
};

function explain(path: string, error: unknown): WriteError {
  const { code, message } = error as NodeJS.ErrnoException;
  return new WriteError(`Cannot write ${path}: ${message}. ${remedies[code ?? ""] ?? ""}`.trim(), { cause: error });
}

async function fill(handle: FileHandle, text: string, durable: boolean): Promise<void> {
  try {
    await handle.writeFile(text);
    if (durable) await handle.sync();
  } finally {
    await handle.close();
  }
}

/** The file that a path means (links followed) and its mode, or undefined when there is none yet. */
async function existing(path: string): Promise<{ path: string; mode: number; regular: boolean } | undefined> {
  try {
    const real = await realpath(path);
    const found = await stat(real);
    return { path: real, mode: found.mode & 0o777, regular: found.isFile() };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

async function replace(path: string, text: string, mode: number, durable: boolean): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}.tmp`);
  try {
    const handle = await open(temporary, constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC, mode);
    await fill(handle, text, durable);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  }
}

/**
 * Writes a file whole or not at all: a temporary file beside it takes its place in one step.
 * Devices and pipes, which must not be replaced, are written to. Throws a WriteError.
 * @param options.durable also waits until the disk has it
 */
export async function writeAtomically(path: string, text: string, options: { durable?: boolean } = {}): Promise<void> {
  try {
    const old = await existing(path);
    if (old !== undefined && !old.regular) await writeFile(old.path, text);
    else await replace(old?.path ?? path, text, old?.mode ?? 0o666, options.durable ?? false);
  } catch (error) {
    throw explain(path, error);
  }
}
