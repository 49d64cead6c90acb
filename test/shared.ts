import { existsSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");

/** A folder of the shared test material beside the project, or undefined after a loud note. */
export function sharedFolder(...parts: string[]): string | undefined {
  const path = join(root, "..", "shared", ...parts);
  if (existsSync(path)) return path;
  console.warn(`SKIPPED: ${join("../shared", ...parts)} is absent`);
  return undefined;
}

/** The oracle folder (`POTSTILL_ORACLES`, default `../shared/oracles`), or undefined after a loud note. */
export function oracleFolder(kind: "detectors" | "distill"): string | undefined {
  const base = process.env.POTSTILL_ORACLES ?? join(root, "..", "shared", "oracles");
  const path = join(base, kind);
  if (existsSync(path)) return path;
  console.warn(`SKIPPED: no oracles at ${path}`);
  return undefined;
}
