import { slot } from "../language/link.ts";

/** How long the main thread may take to hear that it must exit, and how long its exit handlers may take, in milliseconds. */
const patience = { hear: 500, handlers: 2000 } as const;

/** Kills this process unless the main thread ends it within bounds. */
export function insistOnExit(control: Int32Array): void {
  setTimeout(() => {
    if (Atomics.load(control, slot.exiting) === 0) kill();
    setTimeout(kill, patience.handlers);
  }, patience.hear);
}

export function kill(): void {
  process.kill(process.pid, "SIGKILL");
}
