import { createRequire } from "node:module";

const require = createRequire(import.meta.url);

function load(): { version: string } {
  // From dist/cli/version.js the manifest is two folders up, from cli/version.ts one.
  try {
    return require("../../package.json") as { version: string };
  } catch {
    return require("../package.json") as { version: string };
  }
}

/** Potstill's version, from package.json. */
export const version: string = load().version;
