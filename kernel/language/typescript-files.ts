import { existsSync, readFileSync, statSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import { compileModule } from "./transpile.ts";

const counterpart: Readonly<Record<string, string>> = { ".js": ".ts", ".mjs": ".mts", ".cjs": ".cts" };

/** Whether a URL names a TypeScript file. */
export function isTypeScript(url: string): boolean {
  return url.startsWith("file:") && /\.[cm]?ts(\?|$)/.test(url) && !/\.d\.[cm]?ts$/.test(url);
}

/**
 * The file that TypeScript means by a path that does not exist as written: `./x.js` → `x.ts`, `./x` → `x.ts`,
 * `x.js` or `x/index.ts`. Undefined when the path exists or nothing fits.
 */
export function locateTypeScript(url: string): string | undefined {
  const path = fileURLToPath(url);
  if (isFile(path)) return undefined;
  const extension = /\.[cm]?js$/.exec(path)?.[0];
  const candidates = extension
    ? [path.slice(0, -extension.length) + counterpart[extension]]
    : [".ts", ".mts", ".cts", ".js", ".mjs", ".cjs", ".json", "/index.ts", "/index.js"].map((ending) => path + ending);
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
    return compileModule(readFileSync(path, "utf8"), path, format).code;
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
  return compileModule(readFileSync(path, "utf8"), path, path.endsWith(".cts") ? "commonjs" : "module").map;
}

function isFile(path: string): boolean {
  return existsSync(path) && statSync(path).isFile();
}
