import { createRequire } from "node:module";
import type ts from "typescript";
import { loadCompiled } from "./compiled-script.ts";
import type { CompiledScript } from "./compiled-script.ts";

/** The TypeScript compiler's namespace. */
export type TypeScript = typeof ts;

const require = createRequire(import.meta.url);
let loaded: CompiledScript | undefined;

/**
 * The TypeScript compiler, loaded at the first call in a thread (a quarter of a second; half with compiled code of an
 * earlier run). Never by `import`, which searches this CommonJS file for export names first and takes twice as long.
 */
export function loadTypeScript(): TypeScript {
  loaded ??= loadCompiled(require.resolve("typescript"));
  return loaded.exports as TypeScript;
}

/** Keeps the compiler as V8 has compiled it by now, so that later kernels start faster; takes a moment the first time. */
export function keepCompiledTypeScript(): void {
  loaded?.keep();
}

/** The version of the TypeScript compiler, without loading it. */
export function typeScriptVersion(): string {
  return (require("typescript/package.json") as { version: string }).version;
}
