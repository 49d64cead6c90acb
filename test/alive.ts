import { readFileSync } from "node:fs";

/** Whether a process runs; one that has ended and only waits to be collected (a zombie) does not. */
export function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return process.platform !== "linux" || !readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z ");
  } catch {
    return false;
  }
}
