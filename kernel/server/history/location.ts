import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { dataDir } from "../../client/jupyter-paths.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The file that keeps the history across restarts: what `POTSTILL_HISTORY` names, or else one in Jupyter's data folder.
 * Undefined when `POTSTILL_HISTORY` is `off`.
 * @param folder what a relative path starts from
 */
export function historyFile(env: Environment, folder: string): string | undefined {
  const asked = env.POTSTILL_HISTORY?.trim() || "on";
  if (["off", "0", "false", "no"].includes(asked.toLowerCase())) return undefined;
  if (["on", "1", "true", "yes"].includes(asked.toLowerCase())) return join(dataDir(env), "potstill", "history.jsonl");
  return resolve(folder, asked.startsWith("~/") ? join(env.HOME ?? homedir(), asked.slice(2)) : asked);
}
