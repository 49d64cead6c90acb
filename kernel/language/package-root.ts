import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

/** The folder of Potstill's own package.json. */
export function packageRoot(): string {
  let folder = import.meta.dirname;
  while (!existsSync(join(folder, "package.json")) && dirname(folder) !== folder) folder = dirname(folder);
  return folder;
}
