import { writeSync } from "node:fs";

/** The kernel's own log. Whoever floods the kernel with rubbish must not fill a disk: a burst, then a count now and then. */
export class Log {
  readonly #descriptor: number;
  readonly #now: () => number;
  #credit = burst;
  #at: number;
  #suppressed = 0;

  /** @param descriptor a file descriptor; `now` tells the time in milliseconds */
  constructor(descriptor: number, now: () => number = () => performance.now()) {
    this.#descriptor = descriptor;
    this.#now = now;
    this.#at = now();
  }

  /** Writes one message as a line (or a few) of its own; never throws, never waits. */
  write(message: string): void {
    this.#earn();
    if (this.#credit < 1) {
      this.#suppressed++;
      return;
    }
    this.#credit--;
    const missing = this.#suppressed === 0 ? "" : `potstill kernel: ${this.#suppressed} more messages were not logged\n`;
    this.#suppressed = 0;
    this.#put(`${missing}potstill kernel: ${message.length > maximumLength ? `${message.slice(0, maximumLength)} …` : message}\n`);
  }

  #earn(): void {
    const now = this.#now();
    this.#credit = Math.min(burst, this.#credit + (now - this.#at) / refillMs);
    this.#at = now;
  }

  #put(text: string): void {
    try {
      writeSync(this.#descriptor, text);
    } catch { /* nobody reads it, or no longer */ }
  }
}

const burst = 50;
const refillMs = 1000;
const maximumLength = 8192;
