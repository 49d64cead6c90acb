import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { KernelSpecError, findKernelSpec, findKernelSpecs } from "../client/index.ts";
import type { KernelSpec } from "../client/index.ts";
import type { Notebook } from "../notebook/index.ts";
import type { RunOptions } from "./types.ts";

/** The compiled kernel of this installation: beside this file in `dist/`, or in the checkout's `dist/`. */
function bundledMain(): string {
  for (let folder = import.meta.dirname; ; folder = dirname(folder)) {
    if (existsSync(join(folder, "package.json"))) return join(folder, "dist", "kernel", "main.js");
    if (dirname(folder) === folder) throw new KernelSpecError("Potstill's own folder was not found: install the package again.");
  }
}

/** Potstill's own kernel, run straight from this installation. */
function bundledSpec(): KernelSpec {
  const main = bundledMain();
  if (!existsSync(main)) throw new KernelSpecError(`Potstill's kernel is not built: ${main} is missing. Run: npm run build`);
  const argv = [process.execPath, "--no-force-async-hooks-checks", main, "{connection_file}"];
  return { name: "potstill", folder: "", argv, displayName: "Potstill (TypeScript)", language: "typescript", interruptMode: "message", env: {} };
}

function withNodeArguments(spec: KernelSpec, nodeArguments: readonly string[]): KernelSpec {
  if (!/^node(\.exe)?$/.test(basename(spec.argv[0]))) return spec;
  return { ...spec, argv: [spec.argv[0], ...nodeArguments, ...spec.argv.slice(1)] };
}

/** The kernel a notebook runs in: the asked one, else its own. `potstill` needs no installation. Throws a KernelSpecError. */
export function chooseKernel(notebook: Notebook, options: RunOptions): KernelSpec {
  const name = options.kernelName ?? notebook.metadata.kernelspec?.name;
  if (!name) throw new KernelSpecError("The notebook names no kernel (metadata.kernelspec.name). Say which: -k NAME.");
  const env = options.env ?? process.env;
  const spec = name === "potstill" && !findKernelSpecs(env).has(name) ? bundledSpec() : findKernelSpec(name, env);
  return withNodeArguments(spec, options.nodeArguments ?? []);
}
