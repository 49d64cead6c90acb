import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { builtFile, packageRoot as rootAbove } from "../../display/built-file.ts";

const here = dirname(fileURLToPath(import.meta.url));

/** TypeScript names every file with forward slashes. */
export const slashed = (path: string): string => path.replaceAll("\\", "/");

/** The folder of Potstill's own package.json, whose packages serve notebooks that have none. */
export const packageRoot = (): string => slashed(rootAbove(here));

/** The typed source of the cell API: `.ts` in a checkout, `.d.ts` once built. */
export function notebookApiFile(): string {
  const stem = join(here, "..", "..", "notebook-api");
  return slashed([`${stem}.ts`, `${stem}.d.ts`].find((path) => existsSync(path)) ?? `${stem}.d.ts`);
}

export const workerFile = (): string => builtFile(import.meta.url, "worker");
