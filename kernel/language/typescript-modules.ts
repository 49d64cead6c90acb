import module from "node:module";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { ownModule } from "./own-modules.ts";
import { mapPath } from "./path-mapping.ts";
import { projectOf } from "./project.ts";
import { compileFile, isTypeScript, loadTypeScriptFile, locateTypeScript } from "./typescript-files.ts";

/** The synchronous hooks of Node ≥ 22.15, which @types/node 20 does not know. */
interface SyncHooks {
  resolve(specifier: string, context: { parentURL?: string }, next: (specifier: string, context?: object) => unknown): unknown;
  load(url: string, context: object, next: (url: string, context?: object) => unknown): unknown;
}

let installed = false;

/**
 * Lets `import` and `require` load TypeScript files, with everything TypeScript has (Node itself, where it can,
 * only strips types). Called before the first such import, because on Node 20 the hooks cost a thread.
 */
export function installTypeScriptModules(): void {
  if (installed) return;
  installed = true;
  const { registerHooks } = module as unknown as { registerHooks?: (hooks: SyncHooks) => void };
  if (registerHooks) registerHooks(syncHooks);
  else module.register("./typescript-hooks.js", import.meta.url);
}

const syncHooks: SyncHooks = {
  resolve: (specifier, context, next) => {
    const instead = ownModule(specifier) ?? mappedFrom(specifier, context.parentURL);
    if (instead !== undefined) return next(instead, context);
    try {
      return next(specifier, context);
    } catch (error) {
      const found = redirect(specifier, context.parentURL);
      if (found === undefined) throw error;
      return next(found, context);
    }
  },
  load: (url, context, next) => (isTypeScript(url) ? { ...loadTypeScriptFile(url), shortCircuit: true } : next(url, context)),
};

/** The URL that TypeScript means by a relative specifier which Node cannot resolve as it stands. */
export function redirect(specifier: string, parent: string | undefined): string | undefined {
  if (!/^(\.{1,2}\/|file:)/.test(specifier) || (parent !== undefined && !parent.startsWith("file:"))) return undefined;
  return locateTypeScript(new URL(specifier, parent).href);
}

/** The file that a TypeScript file's tsconfig.json means by a name (`paths`, `baseUrl`). */
export function mappedFrom(specifier: string, parent: string | undefined): string | undefined {
  if (parent === undefined || !isTypeScript(parent) || parent.includes("/node_modules/") || /^[./#]|^[a-z][a-z0-9+.-]*:/i.test(specifier)) return undefined;
  const { paths } = projectOf(dirname(fileURLToPath(parent)));
  return paths && mapPath(specifier, paths);
}

/** Lets CommonJS `require` load TypeScript files. */
export function installTypeScriptRequire(require: NodeJS.Require): void {
  const compile = (format: "commonjs") => (target: NodeJS.Module, path: string) => {
    (target as NodeJS.Module & { _compile(code: string, path: string): void })._compile(compileFile(path, format), path);
  };
  // The table is deprecated but not going away, and the only way in which `require` takes another language.
  const table = require.extensions as Record<string, ((target: NodeJS.Module, path: string) => void) | undefined>;
  table[".ts"] = compile("commonjs");
  table[".tsx"] = compile("commonjs");
  table[".cts"] = compile("commonjs");
}
