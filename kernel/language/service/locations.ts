import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));

/** TypeScript names every file with forward slashes. */
export const slashed = (path: string): string => path.replaceAll("\\", "/");

/** The folder of Potstill's own package.json, whose packages serve notebooks that have none. */
export function packageRoot(): string {
  for (let folder = here; ; folder = dirname(folder)) {
    const manifest = join(folder, "package.json");
    if (existsSync(manifest) && (JSON.parse(readFileSync(manifest, "utf8")) as { name?: string }).name === "potstill") return slashed(folder);
    if (folder === dirname(folder)) throw new Error(`Potstill's package.json is not above ${here}. Install the package again.`);
  }
}

/** The typed source of the cell API: `.ts` in a checkout, `.d.ts` once built. */
export function notebookApiFile(): string {
  const stem = join(here, "..", "..", "notebook-api");
  return slashed([`${stem}.ts`, `${stem}.d.ts`].find((path) => existsSync(path)) ?? `${stem}.d.ts`);
}

/** The built worker: threads cannot run TypeScript sources on every supported Node. */
export function workerFile(): string {
  const beside = join(here, "worker.js");
  return existsSync(beside) ? beside : join(packageRoot(), "dist", "kernel", "language", "service", "worker.js");
}
