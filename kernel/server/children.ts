import { descendants, groupOf } from "../process-group.ts";

/** Sends SIGINT to all processes below this one (a shell that waits for its command ignores it until that ends). */
export function interruptChildren(): void {
  signal(descendants(process.pid), "SIGINT");
}

/**
 * Ends what cells have started and left running, by force after `grace` milliseconds. Processes that were started in a
 * group of their own (`detached`) are their user's choice and stay.
 */
export async function endChildren(grace = 300): Promise<void> {
  const group = groupOf(process.pid);
  let left = descendants(process.pid).filter((pid) => groupOf(pid) === group);
  signal(left, "SIGTERM");
  for (let waited = 0; left.length > 0 && waited < grace; waited += 10) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    left = left.filter((pid) => groupOf(pid) === group);
  }
  signal(left, "SIGKILL");
}

function signal(pids: readonly number[], name: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, name);
    } catch {
      // It has just ended.
    }
  }
}
