import { existsSync, readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { dataPath } from "./jupyter-paths.ts";

/** A kernel's `kernel.json` and where it was found. */
export interface KernelSpec {
  name: string;
  /** The kernelspec's folder; empty for a kernel that is not installed but given by its command line. */
  folder: string;
  argv: string[];
  displayName: string;
  language: string;
  interruptMode: "signal" | "message";
  env: Record<string, string>;
}

/** No kernelspec of the asked name, or an unusable one. */
export class KernelSpecError extends Error {
  override name = "KernelSpecError";
}

const isStrings = (value: unknown): value is string[] => Array.isArray(value) && value.every((one) => typeof one === "string");

/** Reads `FOLDER/kernel.json`; throws a KernelSpecError that names the file and the field. */
export function readKernelSpec(folder: string, name: string): KernelSpec {
  const file = join(folder, "kernel.json");
  let raw: Record<string, unknown>;
  try {
    raw = JSON.parse(readFileSync(file, "utf8")) as Record<string, unknown>;
  } catch (error) {
    throw new KernelSpecError(`Cannot read the kernelspec ${file}: ${(error as Error).message}`);
  }
  if (!isStrings(raw?.argv) || raw.argv.length === 0) throw new KernelSpecError(`The kernelspec ${file} has no "argv": expected a list of strings.`);
  const text = (key: string): string => (typeof raw[key] === "string" ? raw[key] : "");
  const env = Object.entries((raw.env as Record<string, unknown> | undefined) ?? {}).map(([key, value]) => [key, String(value)] as const);
  const interruptMode = raw.interrupt_mode === "message" ? "message" : "signal";
  return { name, folder, argv: raw.argv, displayName: text("display_name") || name, language: text("language"), interruptMode, env: Object.fromEntries(env) };
}

function folders(path: string): string[] {
  try {
    return readdirSync(path).filter((name) => existsSync(join(path, name, "kernel.json"))).sort();
  } catch {
    return []; // the data folder does not exist or may not be read
  }
}

/** Every installed kernel: the first data folder that has a name wins, as in Jupyter. Maps name → kernelspec folder. */
export function findKernelSpecs(env: NodeJS.ProcessEnv = process.env): Map<string, string> {
  const found = new Map<string, string>();
  for (const path of dataPath(env).map((folder) => join(folder, "kernels"))) {
    for (const name of folders(path)) if (!found.has(name.toLowerCase())) found.set(name.toLowerCase(), join(path, name));
  }
  return found;
}

/** The kernelspec of a name. Throws a KernelSpecError that lists the installed kernels. */
export function findKernelSpec(name: string, env: NodeJS.ProcessEnv = process.env): KernelSpec {
  const specs = findKernelSpecs(env);
  const folder = specs.get(name.toLowerCase());
  if (folder !== undefined) return readKernelSpec(folder, name);
  const known = [...specs.keys()].join(", ") || "none";
  throw new KernelSpecError(`No kernel named ${JSON.stringify(name)} is installed. Installed: ${known}. Searched: ${dataPath(env).join(", ")}. (-k NAME chooses another; JUPYTER_PATH adds folders.)`);
}

/** `python` of a kernelspec inside an environment means that environment's Python. */
function program(spec: KernelSpec): string {
  const asked = spec.argv[0];
  if (!/^python(3(\.\d+)?)?$/.test(asked) || spec.folder === "") return asked;
  const prefix = dirname(dirname(dirname(dirname(spec.folder)))); // PREFIX/share/jupyter/kernels/NAME
  const own = join(prefix, "bin", asked);
  return existsSync(own) ? own : asked;
}

/** The kernel's command line for a connection file. */
export function commandLine(spec: KernelSpec, connectionFile: string): string[] {
  const prefix = spec.folder === "" ? "" : dirname(dirname(dirname(dirname(spec.folder))));
  const values: Record<string, string> = { connection_file: connectionFile, resource_dir: spec.folder, prefix };
  return [program(spec), ...spec.argv.slice(1)].map((word) => word.replace(/\{(\w+)\}/g, (whole, key: string) => values[key] ?? whole));
}

/** The kernelspec's `env` with `${NAME}` replaced from the environment, over that environment. */
export function kernelEnvironment(spec: KernelSpec, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const expand = (text: string): string => text.replace(/\$\{(\w+)\}/g, (whole, name: string) => env[name] ?? whole);
  return { ...env, ...Object.fromEntries(Object.entries(spec.env).map(([key, value]) => [key, expand(value)])) };
}
