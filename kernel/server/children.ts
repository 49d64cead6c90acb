import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

/** Sends SIGINT to all processes below this one (a shell that waits for its command ignores it until that ends). */
export function interruptChildren(): void {
  for (const pid of descendants(process.pid)) {
    try {
      process.kill(pid, "SIGINT");
    } catch {
      // It has just ended.
    }
  }
}

function descendants(pid: number): readonly number[] {
  const children = childrenOf(pid);
  return children.flatMap((child) => [child, ...descendants(child)]);
}

function childrenOf(pid: number): readonly number[] {
  const text = process.platform === "linux" ? fromProc(pid) : spawnSync("pgrep", ["-P", String(pid)], { encoding: "utf8" }).stdout;
  return (text ?? "").split(/\s+/).map(Number).filter((child) => Number.isInteger(child) && child > 1);
}

function fromProc(pid: number): string {
  try {
    return readdirSync(`/proc/${pid}/task`).map((task) => readFileSync(`/proc/${pid}/task/${task}/children`, "utf8")).join(" ");
  } catch {
    return "";
  }
}
