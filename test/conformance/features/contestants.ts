import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { kernelJson } from "../../../kernel/kernelspec/index.ts";
import { testPython } from "../../python.ts";
import * as dialects from "./dialects.ts";
import type { Contestant } from "./feature.ts";

const root = join(import.meta.dirname, "..", "..", "..");
const read = (path: string): unknown => JSON.parse(readFileSync(path, "utf8"));
const versionOf = (folder: string): string => (read(join(folder, "package.json")) as { version: string }).version;

/** The kernel of this build, started as its kernelspec says. */
export function own(): Contestant {
  const { argv } = kernelJson();
  return { name: "Potstill", version: versionOf(root), argv, interrupt: "message", dialect: dialects.potstill };
}

/** The peers that are installed: tslab with the development packages, others by `test/setup-peers.mjs`. */
export function peers(): Contestant[] {
  return [...tslab(), ...installed(), ...ipykernel()];
}

function tslab(): Contestant[] {
  const folder = join(root, "node_modules", "tslab");
  if (!existsSync(folder)) return [];
  return [{ name: "tslab", version: versionOf(folder), argv: [process.execPath, join(folder, "bin", "tslab"), "kernel", "--config-path", "{connection_file}"], interrupt: "signal", dialect: dialects.tslab }];
}

function installed(): Contestant[] {
  const file = join(process.env.POTSTILL_TEST_PEERS ?? join(root, ".cache", "peers"), "kernels.json");
  if (!existsSync(file)) return [];
  const known = read(file) as Record<string, { version: string; argv: string[] } | undefined>;
  // Neither kernelspec names an interrupt mode: then it is the signal.
  return [["Deno", dialects.deno] as const, ["ijavascript", dialects.ijavascript] as const].flatMap(([name, dialect]) =>
    (known[name] ? [{ name, ...known[name], interrupt: "signal" as const, dialect }] : []));
}

function ipykernel(): Contestant[] {
  const python = testPython(["ipykernel"]);
  if (python === undefined) return [];
  const version = spawnSync(python, ["-c", "import ipykernel; print(ipykernel.__version__)"], { encoding: "utf8" }).stdout.trim();
  return [{ name: "ipykernel", version, argv: [python, "-m", "ipykernel_launcher", "-f", "{connection_file}"], interrupt: "signal", dialect: dialects.python }];
}
