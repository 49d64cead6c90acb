/** How long to wait before the thread is started again, by how often in a row it was lost without answering anything. */
const pauses = [0, 0, 2000, 10_000, 60_000] as const;

/** Counts how often the language thread was lost, so that one that cannot live is not started for every cell. */
export class Losses {
  readonly #now: () => number;
  #count = 0;
  #last = 0;
  #error = new Error("never lost");

  /** @param now the time in milliseconds */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  add(error: Error): void {
    this.#count++;
    this.#last = this.#now();
    this.#error = error;
  }

  /** The thread works. */
  clear(): void {
    this.#count = 0;
  }

  /** Whether it is too early to start the thread again. */
  mustWait(): boolean {
    return this.#now() - this.#last < this.#pause;
  }

  get reason(): string {
    return `the language service ended ${this.#count} times in a row (${this.#error.message}); it is tried again ${this.#pause / 1000} seconds after the last time`;
  }

  get #pause(): number {
    return pauses[Math.min(this.#count, pauses.length - 1)];
  }
}
