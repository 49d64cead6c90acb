import { existsSync } from "node:fs";
import { join } from "node:path";
import { createModules } from "../kernel/language/modules.ts";

/** Where packages lie that only tests use, as notebooks would have them: `POTSTILL_TEST_PEERS`, or `.cache/peers`. */
export const peerFolder = process.env.POTSTILL_TEST_PEERS ?? join(import.meta.dirname, "..", ".cache", "peers");

/** Whether all these packages are there; says loudly which are not. */
export function hasPeers(...names: readonly string[]): boolean {
  const missing = names.filter((name) => !existsSync(join(peerFolder, "node_modules", name, "package.json")));
  if (missing.length > 0) console.warn(`SKIPPED: ${missing.join(", ")} not installed in ${peerFolder} (set POTSTILL_TEST_PEERS, or run npm test, which installs them)`);
  return missing.length === 0;
}

/** A package as a notebook in the peers' folder imports it, or undefined after a loud note. */
export async function peerModule<T>(name: string): Promise<T | undefined> {
  return hasPeers(name) ? ((await createModules(peerFolder).import(name)) as T) : undefined;
}
