import { existsSync, statfsSync } from "node:fs";
import { dirname } from "node:path";

/** Free bytes on the disk that holds (or will hold) a folder. */
export function freeBytes(folder: string): number {
  let existing = folder;
  while (!existsSync(existing)) existing = dirname(existing);
  const { bavail, bsize } = statfsSync(existing);
  return bavail * bsize;
}

/** Throws when the disk of a folder has less free space than needed. */
export function requireSpace(folder: string, needed: number, free = freeBytes(folder)): void {
  if (free >= needed) return;
  const gb = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`;
  throw new Error(`not enough disk space for the TensorFlow runtime: ${gb(needed)} needed, ${gb(free)} free at ${folder}. Free some, or set POTSTILL_CACHE to a folder on another disk`);
}
