import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { isAbsolute, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { constants, Script } from "node:vm";
import type { ImportedName } from "./cell-names.ts";
import { FreshModules } from "./fresh-modules.ts";
import { isLocalFile } from "./local-files.ts";
import { liveExports } from "./live-exports.ts";
import { ownModule, withOwnModules } from "./own-modules.ts";
import { mapPath } from "./path-mapping.ts";
import type { PathMapping } from "./path-mapping.ts";
import { packageRoot } from "./package-root.ts";
import { installTypeScriptModules } from "./typescript-modules.ts";
import { locateTypeScript } from "./typescript-files.ts";

type Import = (specifier: string, options?: ImportCallOptions) => Promise<object>;

/** How cells reach modules: as if the notebook were a module in its own folder. */
export interface NotebookModules {
  /** `import()`: relative to the notebook's folder; packages from there, then from Potstill itself. */
  readonly import: (specifier: unknown, options?: ImportCallOptions) => Promise<object>;
  /**
   * A namespace that has all names, also where a CommonJS module does not announce them. Throws a SyntaxError, as a
   * module would, when one of `needed` does not exist.
   */
  readonly named: (needed: readonly string[], others: readonly string[], specifier: string, options?: ImportCallOptions) => Promise<object>;
  /** Which of these imported names follow a variable of the module that exports it. */
  readonly live: (imports: readonly ImportedName[]) => readonly string[];
  /** Sets what `paths` of the notebook's tsconfig.json means by names. */
  readonly map: (paths: PathMapping | undefined) => void;
  readonly require: NodeJS.Require;
  /** `import.meta` of a cell. */
  readonly meta: { readonly url: string; readonly filename: string; readonly dirname: string; resolve(specifier: string): string };
  readonly folder: string;
}

/** @param folder the notebook's folder, absolute */
export function createModules(folder: string): NotebookModules {
  const notebook = join(folder, "notebook.ts");
  const importHere = importerAt(notebook);
  const importOwn = importerAt(join(packageRoot(), "notebook.js"));
  const url = pathToFileURL(notebook).href;
  let paths: PathMapping | undefined;
  const fresh = new FreshModules(withOwnModules(createRequire(notebook)), (specifier, importer) => existing(specifier, importer, paths));
  const require = fresh.requiring();

  const importModule = async (value: unknown, options?: ImportCallOptions): Promise<object> => {
    const given = String(value);
    const specifier = (paths && isBare(given) ? mapPath(given, paths) : undefined) ?? given;
    const located = isPath(specifier) ? locate(specifier, url) : specifier;
    if (/\.[cm]?tsx?(\?|$)/.test(located)) installTypeScriptModules();
    if (located.startsWith("file:") && located.endsWith(".json")) return fresh.json(located);
    const own = ownModule(specifier);
    if (own !== undefined) return importOwn(own);
    return isBare(specifier) ? importPackage(specifier, options) : importFile(located, options);
  };

  const importFile = async (located: string, options?: ImportCallOptions): Promise<object> => {
    try {
      return await importHere(fresh.url(located), options);
    } catch (error) {
      fresh.failed(located);
      throw error;
    }
  };

  const importPackage = async (specifier: string, options?: ImportCallOptions): Promise<object> => {
    try {
      return await importHere(specifier, options);
    } catch (error) {
      if (!isMissing(error, specifier)) throw error;
      return importOwn(specifier, options).catch((second: unknown) => {
        throw isMissing(second, specifier) ? missingPackage(specifier, folder) : second;
      });
    }
  };

  return {
    import: importModule,
    named: async (needed, others, specifier, options) => {
      const namespace = complete(await importModule(specifier, options), [...needed, ...others]);
      const missing = needed.find((name) => !(name in namespace));
      if (missing !== undefined) throw new SyntaxError(`The requested module '${specifier}' does not provide an export named '${missing}'`);
      return namespace;
    },
    live: (imports) => imports.filter(({ specifier, exported }) => isPath(specifier) && liveExports(locate(specifier, url)).has(exported)).map(({ local }) => local),
    map: (mapping) => { paths = mapping; },
    require,
    meta: { url, filename: notebook, dirname: folder, resolve: (specifier) => resolve(specifier, url, require) },
    folder,
  };
}

/** `import()` as a file at `path` would do it, whether or not that file exists. */
function importerAt(path: string): Import {
  const script = new Script("(specifier, options) => import(specifier, options)", {
    filename: path,
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
  return script.runInThisContext() as Import;
}

function isPath(specifier: string): boolean {
  return /^\.{1,2}(\/|$)/.test(specifier) || specifier.startsWith("file:") || isAbsolute(specifier);
}

function isBare(specifier: string): boolean {
  return !isPath(specifier) && !specifier.startsWith("#") && !/^[a-z][a-z0-9+.-]*:/i.test(specifier);
}

function locate(specifier: string, base: string): string {
  const url = isAbsolute(specifier) ? pathToFileURL(specifier).href : new URL(specifier, base).href;
  return locateTypeScript(url) ?? url;
}

function resolve(specifier: string, base: string, require: NodeJS.Require): string {
  if (isPath(specifier)) return locate(specifier, base);
  if (!isBare(specifier)) return specifier;
  const path = require.resolve(specifier);
  return isAbsolute(path) ? pathToFileURL(path).href : `node:${path}`;
}

/** The user's own file that a specifier in one of his files means. */
function existing(specifier: string, importer: string, paths: PathMapping | undefined): string | undefined {
  const url = isPath(specifier) ? locate(specifier, importer) : paths && isBare(specifier) ? mapPath(specifier, paths) : undefined;
  return url !== undefined && isLocalFile(url) && existsSync(fileURLToPath(url)) ? url : undefined;
}

function complete(namespace: object, names: readonly string[]): object {
  const missing = names.filter((name) => !(name in namespace));
  const whole = (namespace as { default?: unknown }).default;
  if (missing.length === 0 || whole === null || (typeof whole !== "object" && typeof whole !== "function")) return namespace;
  const found = missing.filter((name) => name in whole);
  const extra = Object.fromEntries(found.map((name) => [name, (whole as Record<string, unknown>)[name]]));
  return found.length === 0 ? namespace : { ...namespace, ...extra };
}

function isMissing(error: unknown, specifier: string): boolean {
  const { code, message } = error as { code?: unknown; message?: unknown };
  if (code === "ERR_MODULE_NOT_FOUND" || code === "MODULE_NOT_FOUND") return String(message).includes(`'${packageOf(specifier)}'`);
  return false;
}

function packageOf(specifier: string): string {
  return specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
}

function missingPackage(specifier: string, folder: string): Error {
  const name = packageOf(specifier);
  const error = new Error(`Cannot find package '${name}' from ${folder}, nor among Potstill's own. Install it there: npm install ${name}`);
  return Object.assign(error, { code: "ERR_MODULE_NOT_FOUND" });
}
