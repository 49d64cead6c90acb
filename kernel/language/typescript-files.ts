import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { projectOf } from "./project.ts";
import { compileModule } from "./transpile.ts";
import type { Compiled } from "./transpile.ts";

const counterparts: Readonly<Record<string, readonly string[]>> = { ".js": [".ts", ".tsx"], ".jsx": [".tsx"], ".mjs": [".mts"], ".cjs": [".cts"] };

/** Whether a URL names a TypeScript file. */
export function isTypeScript(url: string): boolean {
  return url.startsWith("file:") && /\.(?:[cm]?ts|tsx)(\?|$)/.test(url) && !/\.d\.[cm]?ts$/.test(url);
}

/**
 * The file that TypeScript means by a path that does not exist as written: `./x.js` → `x.ts`, `./x` → `x.ts`, `x.tsx`,
 * `x.js` or `x/index.ts`. Undefined when the path exists or nothing fits.
 */
export function locateTypeScript(url: string): string | undefined {
  const path = fileURLToPath(url);
  if (isFile(path)) return undefined;
  const extension = /\.(?:[cm]?js|jsx)$/.exec(path)?.[0];
  const candidates = extension
    ? counterparts[extension].map((each) => path.slice(0, -extension.length) + each)
    : [".ts", ".tsx", ".mts", ".cts", ".js", ".mjs", ".cjs", ".json", "/index.ts", "/index.tsx", "/index.js"].map((ending) => path + ending);
  const found = candidates.find(isFile);
  return found === undefined ? undefined : pathToFileURL(found).href;
}

/** Reads and compiles a TypeScript file; stack positions are mapped when an error is shown, so no map is attached. */
export function loadTypeScriptFile(url: string): { format: "module" | "commonjs"; source: string } {
  const path = fileURLToPath(url);
  const format = path.endsWith(".cts") ? "commonjs" : "module";
  return { format, source: compileFile(path, format) };
}

/** Compiles a file. Throws a SyntaxError that names the file and the position. */
export function compileFile(path: string, format: "module" | "commonjs"): string {
  try {
    return compiledFile(path, format).code;
  } catch (error) {
    const { line, column, message } = error as { line?: number; column?: number; message: string };
    if (line === undefined) throw error;
    const located = new SyntaxError(`${path}:${line}:${column}: ${message}`);
    // The stack would only show the compiler.
    located.stack = `SyntaxError: ${located.message}`;
    throw located;
  }
}

/** The source map of a TypeScript file, compiled as it is when it is imported. Throws as {@link compileFile} does. */
export function fileMap(path: string): string {
  return compiledFile(path).map;
}

/** A TypeScript file's JavaScript and source map, by the tsconfig.json that is in charge of it. */
export function compiledFile(path: string, format: "module" | "commonjs" = path.endsWith(".cts") ? "commonjs" : "module"): Compiled {
  return compileModule(readFileSync(path, "utf8"), path, format, projectOf(dirname(path)).options);
}

function isFile(path: string): boolean {
  return existsSync(path) && statSync(path).isFile();
}
