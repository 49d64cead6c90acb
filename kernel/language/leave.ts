import { slot } from "./link.ts";

/** Ends the process with the user's handlers: `beforeExit`, which `process.exit` leaves out, and `exit`. */
export function leave(exit: (code: number) => never, control: Int32Array): never {
  Atomics.store(control, slot.exiting, 1);
  try {
    process.emit("beforeExit", 0);
    return exit(0);
  } catch {
    return exit(0); // the handler that threw is not called again
  }
}

const names = ["SIGTERM", "SIGHUP"] as const;

/**
 * SIGTERM and SIGHUP end an idle kernel in good order. While cells run they keep their default meaning, because a busy
 * thread would never hear of them.
 */
export class EndSignals {
  readonly #heard: () => void;
  #cells = 0;

  constructor(heard: () => void) {
    this.#heard = heard;
    this.#listen();
  }

  cellBegins(): void {
    if (this.#cells++ === 0) for (const name of names) process.off(name, this.#heard);
  }

  cellEnds(): void {
    if (--this.#cells === 0) this.#listen();
  }

  #listen(): void {
    for (const name of names) process.on(name, this.#heard);
  }
}
