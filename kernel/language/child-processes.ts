import childProcess from "node:child_process";
import type { Socket } from "node:net";
import { syncBuiltinESMExports } from "node:module";
import { groupOf } from "../process-group.ts";

type Start = (...args: unknown[]) => unknown;

const starters = ["spawn", "spawnSync", "exec", "execSync", "execFile", "execFileSync", "fork"] as const;

/**
 * Calls `before` whenever code on this thread is about to start a child process: what the cell has printed by then must
 * come before what the child writes. The first child also gets the whole group a guard.
 */
export function watchChildProcesses(before: () => void): void {
  const table = childProcess as unknown as Record<string, Start>;
  const spawn = childProcess.spawn;
  let guarded = false;
  for (const name of starters) {
    const original = table[name];
    const started = function (this: unknown, ...args: unknown[]): unknown {
      if (!guarded) {
        guarded = true;
        guardGroup(spawn);
      }
      before();
      return original.apply(this, args);
    };
    // With the name, and what `util.promisify` looks for.
    table[name] = Object.defineProperties(started, Object.getOwnPropertyDescriptors(original));
  }
  syncBuiltinESMExports();
}

/** Waits until the kernel is gone, however it went, and then ends what is left of its process group. */
const guardScript = `trap '' HUP INT TERM; cat >/dev/null
kill -TERM "-$1" || exit
for _ in 1 2 3 4 5 6 7 8 9 10; do sleep 0.1; kill -0 "-$1" || exit; done
kill -KILL "-$1"`;

/** Held so that the guard's standard input ends with this process and not earlier. */
let lifeline: Socket | undefined;

/** Nobody else could: a killed kernel cannot, and its children do not hear of it. Only where the group is the kernel's own. */
function guardGroup(spawn: typeof childProcess.spawn): void {
  if (process.platform === "win32" || process.pid === 1 || groupOf(process.pid) !== process.pid) return;
  const guard = spawn("/bin/sh", ["-c", guardScript, "potstill-guard", String(process.pid)], { stdio: ["pipe", "ignore", "ignore"], detached: true, cwd: "/" });
  guard.on("error", () => undefined); // without a shell children outlive a killed kernel
  guard.unref();
  lifeline = guard.stdin as Socket;
  lifeline.on("error", () => undefined).unref();
}
