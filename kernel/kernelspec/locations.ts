import { spawnSync } from "node:child_process";
import { join, resolve } from "node:path";
import { dataDir } from "../client/jupyter-paths.ts";
import { kernelName } from "./spec.ts";

/** Where a kernelspec goes: the user's own Jupyter folder, that of the active Python, or a prefix. */
export type Location = { readonly kind: "user" } | { readonly kind: "sys-prefix" } | { readonly kind: "prefix"; readonly path: string };

/** The folder of the kernelspec `name` at a location. Throws when `sys-prefix` is asked for and no Python is found. */
export function kernelFolder(location: Location, env: NodeJS.ProcessEnv = process.env, name = kernelName): string {
  if (location.kind === "user") return join(dataDir(env), "kernels", name);
  const prefix = location.kind === "prefix" ? resolve(location.path) : pythonPrefix(env);
  return join(prefix, "share", "jupyter", "kernels", name);
}

function pythonPrefix(env: NodeJS.ProcessEnv): string {
  const active = env.VIRTUAL_ENV || env.CONDA_PREFIX;
  if (active) return active;
  for (const python of ["python3", "python"]) {
    const { status, stdout } = spawnSync(python, ["-c", "import sys; print(sys.prefix)"], { encoding: "utf8", env });
    if (status === 0) return stdout.trim();
  }
  throw new Error("--sys-prefix: no Python was found on PATH. Activate the environment that Jupyter runs in, or use --user or --prefix DIR.");
}
