import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { builtFile, packageRoot as rootAbove } from "../../display/built-file.ts";
import { ownModuleFile } from "../own-modules.ts";

const here = dirname(fileURLToPath(import.meta.url));

/** TypeScript names every file with forward slashes. */
export const slashed = (path: string): string => path.replaceAll("\\", "/");

/** The folder of Potstill's own package.json, whose packages serve notebooks that have none. */
export const packageRoot = (): string => slashed(rootAbove(here));

/** The types of a module that the kernel answers itself: its built declarations, or in an unbuilt checkout its source (which reads more files). */
export function ownTypes(specifier: string): string | undefined {
  const name = ownModuleFile(specifier);
  if (name === undefined) return undefined;
  const stem = join(here, "..", "..", name);
  const places = [`${stem}.d.ts`, join(packageRoot(), "dist", "kernel", `${name}.d.ts`), `${stem}.ts`];
  return slashed(places.find((path) => existsSync(path)) ?? places[0]);
}

export const workerFile = (): string => builtFile(import.meta.url, "worker");
