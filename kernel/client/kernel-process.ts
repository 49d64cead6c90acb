import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { DeadKernelError } from "./errors.ts";
import { commandLine, kernelEnvironment } from "./kernelspecs.ts";
import type { KernelSpec } from "./kernelspecs.ts";

/** How a kernel's process ended: exactly one of the two is set. */
export interface KernelExit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

const tailLength = 8192;

/** A kernel's process in its own group, so that a terminal's Ctrl-C reaches the runner alone. */
export class KernelProcess {
  /** Resolves when the process is gone; never rejects. */
  readonly exited: Promise<KernelExit>;
  readonly pid: number;
  #child: ChildProcess;
  #tail = "";
  #exit: KernelExit | undefined;

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.pid = child.pid!;
    for (const stream of [child.stdout, child.stderr]) stream?.setEncoding("utf8").on("data", (text: string) => this.#keep(text));
    this.exited = new Promise((resolve) => child.once("exit", (code, signal) => resolve((this.#exit = { code, signal }))));
  }

  /** Starts the kernelspec's command. Throws a DeadKernelError when it cannot be started at all. */
  static async start(spec: KernelSpec, connectionFile: string, options: { cwd: string; env: NodeJS.ProcessEnv }): Promise<KernelProcess> {
    const [program, ...args] = commandLine(spec, connectionFile) as [string, ...string[]];
    // The parent's id lets kernels end themselves when the runner is killed.
    const env = { ...kernelEnvironment(spec, options.env), JPY_PARENT_PID: String(process.pid) };
    const child = spawn(program, args, { cwd: options.cwd, env, detached: true, stdio: ["ignore", "pipe", "pipe"] });
    await new Promise<void>((resolve, reject) => {
      child.once("spawn", resolve);
      child.once("error", (error) => reject(new DeadKernelError(`Cannot start the kernel ${spec.displayName} in ${options.cwd}: ${error.message}`)));
    });
    child.on("error", () => undefined); // later errors (a failed kill) show in `exited`
    return new KernelProcess(child);
  }

  #keep(text: string): void {
    this.#tail = (this.#tail + text).slice(-tailLength);
  }

  /** The end of what the process itself wrote to stdout and stderr. */
  get tail(): string {
    return this.#tail.trim();
  }

  get exit(): KernelExit | undefined {
    return this.#exit;
  }

  /** Signals the whole process group; a group that is gone is no error. */
  signal(name: NodeJS.Signals): void {
    try {
      if (process.platform === "win32") this.#child.kill(name);
      else process.kill(-this.pid, name);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }

  /** How the process ended, in words. */
  describeExit(): string {
    if (this.#exit === undefined) return "is still running";
    const { code, signal } = this.#exit;
    if (signal !== null) return `was ended by ${signal}${signal === "SIGKILL" ? " (out of memory, or killed)" : ""}`;
    return `exited with code ${code}`;
  }
}
