import { spawn } from "node:child_process";
import { join } from "node:path";
import { packageRoot } from "../../lib/backend/setup/folders.ts";
import type { Job, WorkerMessage } from "./job.ts";

/**
 * How a worker has ended. `stopped`: it was asked to, and its run can be continued; `busy`: another process trains the run;
 * `rebuilt`: the program is another one now, and nothing was done.
 */
export type Ending = { readonly kind: "done" } | { readonly kind: "stopped" } | { readonly kind: "rebuilt" } | { readonly kind: "busy"; readonly holder: string } | { readonly kind: "failed" | "died"; readonly message: string };

export interface WorkerProcess {
  readonly pid: number | undefined;
  readonly ended: Promise<Ending>;
  /** Asks it to stop at its next operation, and kills it if it does not. */
  stop(): void;
  /** Ends it at once; its run goes on from its last checkpoint. */
  kill(): void;
}

/** Milliseconds that a worker has to stop in order: one TensorFlow operation, and a checkpoint. */
const patience = 30_000;
/** Characters of a dying process's last words. */
const lastWords = 600;

/** Starts the worker program on a run, with one TensorFlow thread unless POTSTILL_THREADS says otherwise. */
export function startWorker(job: Job, onMoment: (moment: Extract<WorkerMessage, { type: "moment" }>) => void): WorkerProcess {
  const program = join(packageRoot(), "dist", "cli", "reproduce", "worker.js");
  const child = spawn(process.execPath, [program], {
    stdio: ["ignore", "ignore", "pipe", "ipc"],
    env: { ...process.env, POTSTILL_THREADS: process.env.POTSTILL_THREADS || "1" },
    detached: true, // a terminal's Ctrl-C reaches the starter alone, which asks its workers to stop
  });
  let [words, told, asked] = ["", undefined as WorkerMessage | undefined, false];
  let killer: NodeJS.Timeout | undefined;
  child.stderr!.on("data", (data) => { words = `${words}${String(data)}`.slice(-lastWords); });
  child.on("message", (message: WorkerMessage) => {
    if (message.type === "moment") onMoment(message);
    else told = message;
  });
  const ended = new Promise<Ending>((done) => {
    child.on("error", (error) => done({ kind: "died", message: `its process could not be started: ${error.message}` }));
    child.on("close", (code, signal) => {
      clearTimeout(killer);
      if (told?.type === "done") done({ kind: "done" });
      else if (asked) done({ kind: "stopped" });
      else if (told?.type === "busy") done({ kind: "busy", holder: told.holder });
      else if (told?.type === "rebuilt") done({ kind: "rebuilt" });
      else if (told?.type === "failed") done({ kind: "failed", message: told.message });
      else done({ kind: "died", message: death({ code, signal, words }) });
    });
  });
  const kill = () => { child.kill("SIGKILL"); };
  if (child.connected) child.send(job, () => undefined); // who cannot be told has died, which is told by its end
  const stop = () => {
    if (asked) return;
    asked = true;
    child.kill("SIGTERM");
    killer = setTimeout(kill, patience);
  };
  return { pid: child.pid, ended, stop, kill };
}

interface Death {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly words: string;
}

function death({ code, signal, words }: Death): string {
  const said = words.trim() === "" ? "" : `. Its last words: ${words.trim().split("\n").slice(-4).join(" / ")}`;
  if (signal === null) return `its process ended with exit code ${code ?? "unknown"}${said}`;
  const memory = signal === "SIGKILL" ? ", as systems do when they are out of memory; --jobs 1 needs less" : "";
  return `its process was ended by ${signal}${memory}${said}`;
}
