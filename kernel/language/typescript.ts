import { createRequire } from "node:module";
import type ts from "typescript";

/** The TypeScript compiler's namespace. */
export type TypeScript = typeof ts;

const require = createRequire(import.meta.url);
let loaded: TypeScript | undefined;

/** The TypeScript compiler, loaded at the first call (about a quarter of a second). */
export function loadTypeScript(): TypeScript {
  loaded ??= require("typescript") as TypeScript;
  return loaded;
}

/** The version of the TypeScript compiler, without loading it. */
export function typeScriptVersion(): string {
  return (require("typescript/package.json") as { version: string }).version;
}
