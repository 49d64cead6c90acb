import { mkdirSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";

/**
 * Makes a folder and those above it, one at a time: `mkdirSync` with `recursive` never returns on Node 20 where the nearest
 * existing folder takes no new ones but says ENOENT, as /proc does.
 * @param mode of the folders it makes; default 0777 less the umask
 * @throws Error with the system's `code`, naming the folder that stands in the way
 */
export function makeFolder(path: string, mode?: number): void {
  const folder = resolve(path);
  const found = statSync(folder, { throwIfNoEntry: false });
  if (found?.isDirectory()) return;
  if (found !== undefined) throw Object.assign(new Error(`ENOTDIR: ${folder} is a file, not a folder`), { code: "ENOTDIR" });
  makeFolder(dirname(folder), mode);
  try {
    mkdirSync(folder, mode);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") return; // another process was quicker
    throw Object.assign(new Error(`no folder can be made in ${dirname(folder)} (${message})`, { cause: error }), { code: code === "ENOENT" ? "EACCES" : code });
  }
}
