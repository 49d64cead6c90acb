import { readFileSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import { isAbsolute } from "node:path";
import { isLocalFile, LocalFiles } from "./local-files.ts";
import type { LocateImport } from "./local-files.ts";
import { setVersions, versionedUrl } from "./module-versions.ts";
import { installTypeScriptModules } from "./typescript-modules.ts";

/** Loads files that have changed on disk again; those that have not stay what they are. */
export class FreshModules {
  readonly #files: LocalFiles;
  readonly #json = new Map<string, object>();
  readonly #require: NodeJS.Require;

  constructor(require: NodeJS.Require, locate: LocateImport) {
    this.#require = require;
    this.#files = new LocalFiles(locate);
  }

  /** The URL by which to load a file now. */
  url(located: string): string {
    if (!isLocalFile(located)) return located;
    const changes = this.#files.refresh(located);
    // What imports the changed files learns of their versions by the module hooks.
    if (changes.size > 0) installTypeScriptModules();
    setVersions(changes);
    for (const url of changes.keys()) this.#forgetRequired(fileURLToPath(url));
    return versionedUrl(located);
  }

  /** A file could not be loaded; the next attempt reads it again. */
  failed(located: string): void {
    if (isLocalFile(located)) this.#files.failed(located);
  }

  json(located: string): object {
    const url = this.url(located);
    const known = this.#json.get(url) ?? readJson(located);
    this.#json.set(url, known);
    return known;
  }

  /** `require` that looks whether files have changed. */
  requiring(): NodeJS.Require {
    const require = this.#require;
    const fresh = (specifier: string): unknown => {
      const path = /^\.{1,2}(?:\/|$)|^[/\\]|^[a-z]:/i.test(specifier) ? resolved(require, specifier) : undefined;
      if (path !== undefined) this.url(pathToFileURL(path).href);
      return require(specifier);
    };
    return Object.assign(fresh, { cache: require.cache, extensions: require.extensions, main: require.main, resolve: require.resolve });
  }

  #forgetRequired(path: string): void {
    delete this.#require.cache[path];
  }
}

function resolved(require: NodeJS.Require, specifier: string): string | undefined {
  try {
    const path = require.resolve(specifier);
    return isAbsolute(path) ? path : undefined;
  } catch {
    return undefined; // `require` itself says so
  }
}

function readJson(url: string): object {
  const path = fileURLToPath(url);
  try {
    return { default: JSON.parse(readFileSync(path, "utf8")) as unknown };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new SyntaxError(`${path}: ${error.message}`, { cause: error });
  }
}
