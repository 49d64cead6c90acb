import { existsSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { KernelSpecError, findKernelSpec, findKernelSpecs } from "../client/index.ts";
import type { KernelSpec } from "../client/index.ts";
import { kernelJson, kernelName } from "../kernelspec/index.ts";
import type { Notebook } from "../notebook/index.ts";
import type { RunOptions } from "./types.ts";

/** Potstill's own kernel, run straight from this installation. */
function bundledSpec(): KernelSpec {
  const { argv, display_name: displayName, language, interrupt_mode: interruptMode } = kernelJson();
  const missing = argv.find((word) => word.endsWith("main.js") && !existsSync(word));
  if (missing !== undefined) throw new KernelSpecError(`Potstill's kernel is not built: ${missing} is missing. Run: npm run build`);
  return { name: kernelName, folder: "", argv: [...argv], displayName, language, interruptMode, env: {} };
}

function withNodeArguments(spec: KernelSpec, nodeArguments: readonly string[]): KernelSpec {
  if (!/^node(\.exe)?$/.test(basename(spec.argv[0]))) return spec;
  return { ...spec, argv: [spec.argv[0], ...nodeArguments, ...spec.argv.slice(1)] };
}

/** tslab's kernels, whose notebooks Potstill's own runs too: checked as leniently as there, and not at all what is JavaScript by design. */
const substituted = new Map<string, Record<string, string>>([["tslab", { POTSTILL_TSLAB: "on" }], ["jslab", { POTSTILL_TYPECHECK: "off" }]]);

/**
 * The kernel a notebook runs in: the asked one, else its own. `potstill` needs no installation, and stands in for tslab
 * (with a note) where that is not installed. Throws a KernelSpecError.
 */
export function chooseKernel(notebook: Notebook, options: RunOptions): KernelSpec {
  const own = notebook.metadata.kernelspec?.name;
  const name = options.kernelName ?? own;
  if (!name) throw new KernelSpecError("The notebook names no kernel (metadata.kernelspec.name). Say which: -k NAME.");
  const installed = findKernelSpecs(options.env ?? process.env);
  const spec = installed.has(name.toLowerCase()) ? findKernelSpec(name, options.env) : standIn(name, options) ?? findKernelSpec(name, options.env);
  return withNodeArguments(spec, options.nodeArguments ?? []);
}

function standIn(name: string, { kernelName: asked, onEvent }: RunOptions): KernelSpec | undefined {
  if (name === kernelName) return bundledSpec();
  const env = asked === undefined ? substituted.get(name) : undefined;
  if (env === undefined) return undefined;
  onEvent?.({ type: "info", message: `The notebook's kernel ${name} is not installed: it runs in Potstill's own, which has tslab's interface. (-k NAME chooses another.)` });
  return { ...bundledSpec(), env };
}

/**
 * The folder a kernel works in: the asked one, else the current one, as with papermill. Potstill's own kernel takes
 * imports relative to its folder, so it works in the notebook's, as JupyterLab has it.
 */
export function workingFolder(spec: KernelSpec, options: RunOptions): string {
  if (options.cwd !== undefined) return resolve(options.cwd);
  return isOwn(spec) && options.input !== "-" ? dirname(resolve(options.input)) : process.cwd();
}

/** Whether a kernelspec, under whatever name it is installed, starts Potstill's kernel. */
function isOwn({ name, argv }: KernelSpec): boolean {
  return name === kernelName || argv.some((word) => word.endsWith(join("kernel", "main.js")));
}
