import { existsSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of Potstill's package.json above a file. */
export function packageRoot(from: string): string {
  for (let folder = from; ; folder = dirname(folder)) {
    const manifest = join(folder, "package.json");
    if (existsSync(manifest) && (JSON.parse(readFileSync(manifest, "utf8")) as { name?: string }).name === "potstill") return folder;
    if (folder === dirname(folder)) throw new Error(`Potstill's package.json is not above ${from}. Install the package again.`);
  }
}

/** The compiled module `name` (without ending) beside a module: threads cannot run TypeScript on every supported Node. */
export function builtFile(moduleUrl: string, name: string): string {
  const here = dirname(fileURLToPath(moduleUrl));
  const beside = join(here, `${name}.js`);
  if (existsSync(beside)) return beside;
  const root = packageRoot(here);
  const built = join(root, "dist", relative(root, here), `${name}.js`);
  if (existsSync(built)) return built;
  throw new Error(`${built} is missing. Run \`npm run build\` in Potstill's folder.`);
}
