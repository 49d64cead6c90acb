import module from "node:module";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import type { MessagePort } from "node:worker_threads";
import { versionedUrl, versionsPort } from "./module-versions.ts";
import { ownModule } from "./own-modules.ts";
import { mapPath } from "./path-mapping.ts";
import { projectOf } from "./project.ts";
import { compileFile, isTypeScript, loadTypeScriptFile, locateTypeScript } from "./typescript-files.ts";

interface ResolveContext {
  readonly parentURL?: string;
  readonly conditions?: readonly string[];
}

/** The synchronous hooks of Node ≥ 22.15, which @types/node 20 does not know. */
interface SyncHooks {
  resolve(specifier: string, context: ResolveContext, next: (specifier: string, context?: object) => { url: string }): { url: string };
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
  else registerInThread(versionsPort());
}

function registerInThread(port: MessagePort): void {
  module.register("./typescript-hooks.js", import.meta.url, { data: port, transferList: [port] });
}

const syncHooks: SyncHooks = {
  resolve: (specifier, context, next) => {
    const instead = ownModule(specifier) ?? mappedFrom(specifier, context.parentURL);
    if (instead !== undefined) return present(next(instead, context), context);
    try {
      return present(next(specifier, context), context);
    } catch (error) {
      const found = redirect(specifier, context.parentURL);
      if (found === undefined) throw error;
      return present(next(found, context), context);
    }
  },
  load: (url, context, next) => (isTypeScript(url) ? { ...loadTypeScriptFile(url), shortCircuit: true } : next(url, context)),
};

/** What was resolved, in its present version; `require` keeps files by their paths. */
export function present<T extends { url: string }>(found: T, { conditions }: ResolveContext): T {
  return conditions?.includes("require") ? found : { ...found, url: versionedUrl(found.url) };
}

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
