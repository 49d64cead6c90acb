import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, join } from "node:path";

type Environment = Readonly<Record<string, string | undefined>>;

function home(env: Environment): string {
  return env.HOME ?? env.USERPROFILE ?? homedir();
}

/** The user's Jupyter data folder (jupyter_core's rules). */
export function dataDir(env: Environment = process.env): string {
  if (env.JUPYTER_DATA_DIR) return env.JUPYTER_DATA_DIR;
  if (process.platform === "darwin") return join(home(env), "Library", "Jupyter");
  if (process.platform === "win32") return join(env.APPDATA ?? home(env), "jupyter");
  return join(env.XDG_DATA_HOME || join(home(env), ".local", "share"), "jupyter");
}

/** Where connection files live while their kernels run. */
export function runtimeDir(env: Environment = process.env): string {
  return env.JUPYTER_RUNTIME_DIR || join(dataDir(env), "runtime");
}

function systemDirs(env: Environment): string[] {
  if (process.platform === "win32") return [join(env.PROGRAMDATA ?? "C:\\ProgramData", "jupyter")];
  return ["/usr/local/share/jupyter", "/usr/share/jupyter"];
}

/** Prefixes that a Python would call `sys.prefix`: the active environment, then those of `jupyter` and `python3` on PATH. */
function prefixes(env: Environment): string[] {
  const folders = (env.PATH ?? "").split(delimiter).filter((folder) => folder !== "");
  const onPath = ["jupyter", "python3"].flatMap((name) => folders.find((folder) => existsSync(join(folder, name))) ?? []);
  return [env.VIRTUAL_ENV, env.CONDA_PREFIX, ...onPath.map((folder) => dirname(folder))].filter((prefix) => prefix !== undefined && prefix !== "") as string[];
}

function prefersEnvironment(env: Environment): boolean {
  const said = env.JUPYTER_PREFER_ENV_PATH?.toLowerCase();
  if (said !== undefined && said !== "") return !["0", "false", "no", "n", "off"].includes(said);
  return Boolean(env.VIRTUAL_ENV) || (Boolean(env.CONDA_PREFIX) && env.CONDA_DEFAULT_ENV !== "base");
}

/** Jupyter's data folders in the order of precedence: JUPYTER_PATH, the user's, the environment's, the system's. */
export function dataPath(env: Environment = process.env): string[] {
  const asked = (env.JUPYTER_PATH ?? "").split(delimiter).filter((folder) => folder !== "");
  const user = [dataDir(env)];
  const environment = prefixes(env).map((prefix) => join(prefix, "share", "jupyter"));
  const middle = prefersEnvironment(env) ? [...environment, ...user] : [...user, ...environment];
  return [...new Set([...asked, ...middle, ...systemDirs(env)])];
}
