import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { isAbsolute, join, normalize } from "node:path";
import { makeFolder } from "../../backend/setup/make-folder.ts";
import { dirname } from "node:path";
import { replaceFile, writeAtomic } from "../../train/atomic.ts";

/** The site's own list of its files; what another site wrote into the folder, and this one does not, is removed by it. */
const list = "site.json";

/** A folder that is written file by file, each whole or not at all. */
export interface SiteFiles {
  write(path: string, content: string | Uint8Array): void;
  /** A file that is already there; undefined where it is not. */
  read(path: string): string | undefined;
  /** A file of the site that somebody else wrote. */
  keep(path: string): void;
  /** Removes what an earlier site left and this one has not. */
  finish(): void;
}

/** @throws Error where the folder's list is broken, or names files outside the folder */
export function siteFiles(folder: string): SiteFiles {
  const earlier = listed(folder);
  const written = new Set<string>();
  const own = (path: string) => { written.add(path); };
  // Before anything is written, so that what an interrupted site leaves is known to the next one.
  const announce = (path: string) => {
    if (earlier.has(path) || written.has(path)) return own(path);
    own(path);
    saveList(folder, [...earlier, ...written]);
  };
  return {
    write(path, content) {
      announce(path);
      replaceChanged(join(folder, path), content);
    },
    read: (path) => (existsSync(join(folder, path)) ? readFileSync(join(folder, path), "utf8") : undefined),
    keep: own,
    finish() {
      for (const path of earlier) if (!written.has(path)) rmSync(join(folder, path), { force: true });
      saveList(folder, [...written]);
    },
  };
}

/** Unchanged files are left alone. */
function replaceChanged(path: string, content: string | Uint8Array): void {
  const bytes = typeof content === "string" ? Buffer.from(content) : content;
  if (existsSync(path) && readFileSync(path).equals(bytes)) return;
  replaceFile(path, (file) => { writeFileSync(file, bytes); }, () => makeFolder(dirname(path)));
}

function saveList(folder: string, paths: readonly string[]): void {
  writeAtomic(join(folder, list), `${JSON.stringify({ files: [...new Set(paths)].sort() }, null, 2)}\n`);
}

function listed(folder: string): ReadonlySet<string> {
  const path = join(folder, list);
  if (!existsSync(path)) return new Set();
  const files = filesIn(path);
  const outside = files.find((file) => typeof file !== "string" || isAbsolute(file) || normalize(file).startsWith(".."));
  if (outside !== undefined) throw new Error(`${path} lists ${JSON.stringify(outside)}, which is no file of the site. Name another folder, or remove this one`);
  return new Set(files as string[]);
}

function filesIn(path: string): unknown[] {
  try {
    const { files } = JSON.parse(readFileSync(path, "utf8")) as { readonly files?: unknown };
    if (Array.isArray(files)) return files;
  } catch (error) {
    throw new Error(`${path} is no list of a site's files: ${(error as Error).message}. Name another folder, or remove this one`, { cause: error });
  }
  throw new Error(`${path} is no list of a site's files. Name another folder, or remove this one`);
}
