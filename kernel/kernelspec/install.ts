import { randomBytes } from "node:crypto";
import { existsSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { makeFolder } from "../make-folder.ts";
import type { KernelJson } from "./spec.ts";
import { kernelJson, logo } from "./spec.ts";

/**
 * Writes the kernelspec folder, whole or not at all; an older one is replaced. Returns the folder.
 * @param folder for example `PREFIX/share/jupyter/kernels/potstill`
 * Throws when the folder cannot be written, naming it and the remedy.
 */
export function installKernelSpec(folder: string, spec: KernelJson = kernelJson()): string {
  const fresh = sibling(folder, "new");
  try {
    makeFolder(fresh);
    writeFileSync(join(fresh, "kernel.json"), JSON.stringify(spec, null, 2) + "\n");
    writeFileSync(join(fresh, "logo-svg.svg"), logo);
    replace(folder, fresh);
  } catch (error) {
    if (existsSync(fresh)) rmSync(fresh, { recursive: true, force: true });
    throw new Error(`The kernel was not installed in ${folder}: ${(error as Error).message}. Choose a folder you may write: --user, or --prefix DIR.`, { cause: error });
  }
  return folder;
}

/** Removes a kernelspec folder. Throws when there is no kernelspec in it. */
export function uninstallKernelSpec(folder: string): void {
  if (!existsSync(join(folder, "kernel.json"))) {
    throw new Error(`No kernel is installed in ${folder}. potstill kernel list shows where kernels are installed.`);
  }
  const doomed = sibling(folder, "old");
  renameSync(folder, doomed);
  rmSync(doomed, { recursive: true, force: true });
}

function replace(folder: string, fresh: string): void {
  if (!existsSync(folder)) return renameSync(fresh, folder);
  const old = sibling(folder, "old");
  renameSync(folder, old);
  try {
    renameSync(fresh, folder);
  } catch (error) {
    renameSync(old, folder);
    throw error;
  }
  rmSync(old, { recursive: true, force: true });
}

/** A name beside `folder` that Jupyter does not take for a kernel's. */
function sibling(folder: string, purpose: string): string {
  return join(dirname(folder), `.${purpose}-${randomBytes(6).toString("hex")}`);
}
