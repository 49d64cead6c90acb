import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

/** What `ps` knows of one process. */
interface Entry {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
}

/** The process group that a process belongs to; undefined when it is gone (or on Windows, which has none). */
export function groupOf(pid: number): number | undefined {
  if (process.platform !== "linux") return table().find((entry) => entry.pid === pid)?.group;
  const fields = statOf(pid);
  return fields === undefined || fields[0] === "Z" ? undefined : Number(fields[2]);
}

/** All processes below this one. */
export function descendants(pid: number): readonly number[] {
  if (process.platform === "linux") return below(pid, childrenOf);
  const entries = table();
  return below(pid, (parent) => entries.filter((entry) => entry.parent === parent).map((entry) => entry.pid));
}

function below(pid: number, children: (pid: number) => readonly number[]): readonly number[] {
  return children(pid).flatMap((child) => [child, ...below(child, children)]);
}

/** State, parent, group and so on: what follows the name, which may hold anything, in `/proc/<pid>/stat`. */
function statOf(pid: number): readonly string[] | undefined {
  try {
    return /^.*\) (.*)$/s.exec(readFileSync(`/proc/${pid}/stat`, "utf8"))?.[1].split(" ");
  } catch {
    return undefined;
  }
}

function childrenOf(pid: number): readonly number[] {
  try {
    const lists = readdirSync(`/proc/${pid}/task`).map((task) => readFileSync(`/proc/${pid}/task/${task}/children`, "utf8"));
    return lists.join(" ").split(/\s+/).map(Number).filter((child) => child > 1);
  } catch {
    return []; // it has just ended
  }
}

function table(): readonly Entry[] {
  if (process.platform === "win32") return [];
  const { stdout } = spawnSync("ps", ["-A", "-o", "pid=,ppid=,pgid="], { encoding: "utf8" });
  const rows = (stdout ?? "").split("\n").map((line) => line.trim().split(/\s+/).map(Number));
  return rows.filter((row) => row.length === 3).map(([pid, parent, group]) => ({ pid, parent, group }));
}
