const pollMs = 1000;

/** Whether a process exists. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/**
 * Calls `gone` when the process that started the kernel has ended: a kernel must not outlive its client.
 * A kernel whose parent is already init was detached on purpose and is left alone.
 */
export function watchParent(environment: NodeJS.ProcessEnv, gone: () => void): NodeJS.Timeout {
  const parent = process.ppid;
  const client = Number(environment.JPY_PARENT_PID);
  const clientKnown = Number.isInteger(client) && client > 1 && isAlive(client);
  const timer = setInterval(() => {
    const orphaned = parent > 1 && process.ppid !== parent;
    if (!orphaned && !(clientKnown && !isAlive(client))) return;
    clearInterval(timer);
    gone();
  }, pollMs);
  timer.unref();
  return timer;
}
