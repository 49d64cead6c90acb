import { tmpdir } from "node:os";
import { join, sep } from "node:path";
import { murmur2 } from "./murmur2.ts";

/** How frontends compute the path by which a cell is known (`debugInfo`); no such file is ever written. */
export const cellFiles = {
  hashMethod: "Murmur2",
  hashSeed: 0xc70f6907,
  tmpFilePrefix: join(tmpdir(), `potstill_${process.pid}`) + sep,
  tmpFileSuffix: ".ts",
} as const;

/** The path that stands for a cell's code: cells with the same code share it. */
export function cellPath(code: string): string {
  return `${cellFiles.tmpFilePrefix}${murmur2(code, cellFiles.hashSeed)}${cellFiles.tmpFileSuffix}`;
}

/** Whether a path stands for a cell. */
export function isCellPath(path: string): boolean {
  return path.startsWith(cellFiles.tmpFilePrefix);
}
