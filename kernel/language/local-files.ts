import { readFileSync, realpathSync, statSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import { crc32 } from "node:zlib";

/** A file as it was when it was looked at last. */
interface LocalFile {
  /** When it was written, and its size; empty when it does not exist. */
  stamp: string;
  readonly checksum: number;
  /** The URLs of the files that it loads. */
  readonly imports: readonly string[];
  /** What it loads that does not exist. */
  readonly missing: readonly string[];
  /** The moment of the last change, 0 for none. */
  changed: number;
}

/** The URL of the existing local file that a specifier in a file means; undefined for everything else. */
export type LocateImport = (specifier: string, importer: string) => string | undefined;

/** Notices when files that were loaded, or files that these load, have changed on disk since. */
export class LocalFiles {
  readonly #files = new Map<string, LocalFile>();
  readonly #versions = new Map<string, number>();
  readonly #locate: LocateImport;
  #now = 0;

  constructor(locate: LocateImport) {
    this.#locate = locate;
  }

  /**
   * Looks at a file that is about to be loaded, and at all it leads to. A file's version is the moment of the last
   * change of anything it leads to. Returns the versions that are new; a first look finds none.
   */
  refresh(url: string): ReadonlyMap<string, number> {
    const versions = this.#newest(this.#reach(realUrl(url)));
    const fresh = new Map([...versions].filter(([each, version]) => version !== (this.#versions.get(each) ?? 0)));
    for (const [each, version] of fresh) this.#versions.set(each, version);
    return fresh;
  }

  /** A file could not be loaded: Node keeps the failure for good, so the next attempt needs another version. */
  failed(url: string): void {
    const file = this.#files.get(realUrl(url));
    if (file) file.changed = ++this.#now;
  }

  #reach(start: string): Map<string, LocalFile> {
    const found = new Map<string, LocalFile>();
    const next = [start];
    for (let url = next.pop(); url !== undefined; url = next.pop()) {
      if (found.has(url)) continue;
      const file = this.#look(url);
      found.set(url, file);
      next.push(...file.imports);
    }
    return found;
  }

  /** Repeated until nothing changes, because files may import each other. */
  #newest(files: ReadonlyMap<string, LocalFile>): Map<string, number> {
    const versions = new Map([...files].map(([url, { changed }]) => [url, changed]));
    for (let isSettled = false; !isSettled;) {
      isSettled = true;
      for (const [url, { imports }] of files) {
        const version = Math.max(versions.get(url)!, ...imports.map((each) => versions.get(each)!));
        if (version !== versions.get(url)) isSettled = false;
        versions.set(url, version);
      }
    }
    return versions;
  }

  #look(url: string): LocalFile {
    const known = this.#files.get(url);
    const stamp = stampOf(url);
    const isComplete = known?.missing.every((specifier) => this.#locate(specifier, url) === undefined) ?? false;
    if (known && isComplete && known.stamp === stamp) return known;
    const text = stamp === "" ? undefined : read(url);
    const checksum = text === undefined ? -1 : crc32(text);
    if (known && isComplete && known.checksum === checksum) {
      known.stamp = stamp;
      return known;
    }
    const file = { stamp, checksum, ...this.#importsOf(url, text?.toString() ?? ""), changed: known ? ++this.#now : 0 };
    this.#files.set(url, file);
    return file;
  }

  #importsOf(url: string, text: string): Pick<LocalFile, "imports" | "missing"> {
    const specifiers = url.endsWith(".json") ? [] : importedSpecifiers(text);
    const located = specifiers.map((specifier) => ({ specifier, file: this.#locate(specifier, url) }));
    const imports = located.flatMap(({ file }) => (file === undefined ? [] : [realUrl(file)]));
    const missing = located.filter(({ specifier, file }) => file === undefined && /^\.{1,2}\//.test(specifier));
    return { imports, missing: missing.map(({ specifier }) => specifier) };
  }
}

/**
 * What a file loads, as far as its text tells: `import`, `export … from`, `import()` and `require()` of literals, but no
 * types. What only looks like an import (in a comment) does no harm: the file is loaded again once too often.
 */
export function importedSpecifiers(text: string): readonly string[] {
  const values = text.replace(/\b(?:import|export)\s+type\s+(?:\{[^}]*\}|\*(?:\s+as\s+[\w$]+)?|[\w$]+(?=\s+from\b))\s*from\s*(["'])[^"'\n]*\1/g, "");
  const found = values.matchAll(/\b(?:from|import|require)\s*\(?\s*(["'`])([^"'`\n]+)\1/g);
  return [...new Set([...found].map(([, , specifier]) => specifier))];
}

/** Whether a URL is a file of the user's own that can have another version. */
export function isLocalFile(url: string): boolean {
  return url.startsWith("file:") && /\.(?:[cm]?[jt]s|[jt]sx|json)(?:[?#]|$)/.test(url) && !url.includes("/node_modules/");
}

/** A file's URL as Node knows it: behind symbolic links, without a query. */
function realUrl(url: string): string {
  const path = fileURLToPath(url);
  try {
    return pathToFileURL(realpathSync(path)).href;
  } catch {
    return pathToFileURL(path).href;
  }
}

function stampOf(url: string): string {
  const found = statSync(fileURLToPath(url), { throwIfNoEntry: false });
  return found?.isFile() === true ? `${found.mtimeMs}:${found.ctimeMs}:${found.size}` : "";
}

function read(url: string): Buffer | undefined {
  try {
    return readFileSync(fileURLToPath(url));
  } catch {
    return undefined;
  }
}
