import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { Command } from "commander";
import { findKernelSpecs } from "../../kernel/client/index.ts";
import { kernelName } from "../../kernel/kernelspec/index.ts";
import { checkBackend, type Check } from "../../lib/backend/doctor.ts";
import { packageRoot } from "../../lib/backend/setup/folders.ts";
import { versionOf } from "../../lib/backend/setup/tools.ts";

const require = createRequire(import.meta.url);

/** `potstill doctor`: what is present, what is missing, and the command that mends it. */
export function register(program: Command): void {
  program
    .command("doctor")
    .description("say what is present, what is missing and the command that mends it (exit code 1 when something required is missing)")
    .option("--json", "print the checks as JSON", false)
    .action(run);
}

async function run({ json }: { json: boolean }): Promise<void> {
  const checks = [checkNode(), ...checkPackages(), ...(await checkBackend()), checkKernel(), ...checkPrograms()];
  const healthy = checks.every((check) => check.state !== "missing");
  process.stdout.write(json ? `${JSON.stringify({ healthy, checks }, null, 2)}\n` : report(checks, healthy));
  if (!healthy) process.exitCode = 1;
}

const marks = { ok: "ok      ", missing: "MISSING ", absent: "optional" } as const;

function report(checks: readonly Check[], healthy: boolean): string {
  const width = Math.max(...checks.map((check) => check.name.length));
  const lines = checks.map(({ name, state, detail, remedy }) => {
    const mend = remedy === undefined ? "" : `\n${" ".repeat(width + 12)}→ ${remedy.replace(/^potstill /, "npx potstill ")}`;
    return `${marks[state]}  ${name.padEnd(width)}  ${detail}${mend}`;
  });
  return `${lines.join("\n")}\n${healthy ? "Everything required is there." : "Something required is missing; the arrows show how to mend it."}\n`;
}

interface Manifest {
  readonly engines: { readonly node: string };
  readonly dependencies: Readonly<Record<string, string>>;
}

function manifest(): Manifest {
  return JSON.parse(readFileSync(join(packageRoot(), "package.json"), "utf8")) as Manifest;
}

function checkNode(): Check {
  const { engines } = manifest();
  const fits = satisfies(process.versions.node, engines.node);
  return { name: "Node.js", state: fits ? "ok" : "missing", detail: `${process.versions.node} (supported: ${engines.node})`, ...(fits ? {} : { remedy: "install Node 20, 22 or 24 from https://nodejs.org" }) };
}

/** Whether a version fits a range of the form `^a.b.c || ^d.e.f`: same major number, at least the rest. */
export function satisfies(version: string, range: string): boolean {
  const [major, minor, patch] = version.split(".").map(Number);
  return range.split("||").some((part) => {
    const [a, b, c] = part.replace(/[\s^]/g, "").split(".").map(Number);
    return major === a && (minor > b || (minor === b && patch >= c));
  });
}

/** Native packages are loaded, the others only looked for: a copied node_modules of another machine fails here. */
function checkPackages(): Check[] {
  const names = Object.keys(manifest().dependencies).filter((name) => !name.startsWith("@types/"));
  const lacking = names.filter((name) => !isInstalled(name));
  const remedy = "npm ci";
  const all: Check = lacking.length === 0
    ? { name: "npm packages", state: "ok", detail: `${names.length} found` }
    : { name: "npm packages", state: "missing", detail: `not installed: ${lacking.join(", ")}`, remedy };
  const native = ["sharp", "zeromq"].map((name): Check => {
    try {
      require(name);
      return { name, state: "ok", detail: "loads" };
    } catch (error) {
      return { name, state: "missing", detail: `does not load: ${(error as Error).message.trim().split("\n")[0]}`, remedy };
    }
  });
  return [all, ...native];
}

function isInstalled(name: string): boolean {
  const folders = require.resolve.paths(name) ?? [];
  return folders.some((folder) => versionIn(join(folder, name)) !== undefined);
}

function versionIn(folder: string): string | undefined {
  try {
    return (JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { version: string }).version;
  } catch {
    return undefined;
  }
}

function checkKernel(): Check {
  const folder = findKernelSpecs().get(kernelName);
  if (folder !== undefined) return { name: "Jupyter kernel", state: "ok", detail: folder };
  return { name: "Jupyter kernel", state: "absent", detail: "not known to Jupyter (potstill run works without)", remedy: "potstill kernel install --user" };
}

/** Programs that only some uses need. */
function checkPrograms(): Check[] {
  const jupyter = versionOf("jupyter", ["lab", "--version"]) ?? versionOf("jupyter", ["--version"]);
  const browser = ["chromium", "chromium-browser", "google-chrome"].map((name) => versionOf(name, ["--version"])).find((version) => version !== undefined);
  return [
    jupyter === undefined
      ? { name: "Jupyter", state: "absent", detail: "not found (potstill run works without)", remedy: "python3 -m pip install jupyterlab" }
      : { name: "Jupyter", state: "ok", detail: jupyter },
    browser === undefined
      ? { name: "Chromium", state: "absent", detail: "not found (only the browser tests use it)", remedy: "apt-get install chromium" }
      : { name: "Chromium", state: "ok", detail: browser },
  ];
}
