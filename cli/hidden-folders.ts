import { basename, relative, resolve, sep } from "node:path";
import { packageRoot } from "../lib/backend/setup/folders.ts";
import { findLeaks } from "../lib/provenance/leaks.ts";

/**
 * Folders that executed notebooks and their reports do not tell, and what stands for each: the data's is its path from the
 * working folder where it lies below that, else its name; Potstill's own is `potstill`.
 */
export function hiddenFolders(data: string): readonly (readonly [folder: string, standIn: string])[] {
  const own = [packageRoot(), "potstill"] as const;
  if (data === "synthetic") return [own];
  const folder = resolve(data);
  const near = relative(".", folder);
  const standIn = near === "" || near === ".." || near.startsWith(`..${sep}`) ? basename(folder) : near;
  return [own, [folder, standIn], ...(findLeaks(data).length > 0 ? [[data, standIn] as const] : [])];
}
