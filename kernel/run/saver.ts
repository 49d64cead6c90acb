import { writeAtomically } from "./atomic-write.ts";

/** At most this share of the run's time goes into saving. */
const budget = 0.05;

/**
 * Saves a document as it grows, without ever holding up the run: a request is answered at once when saving has been
 * cheap so far, and later (together with the requests in between) when the last save is too recent for its cost.
 */
export class Saver {
  readonly #path: string | undefined;
  readonly #render: () => string;
  readonly #now: () => number;
  #writing: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #notBefore = 0;
  #saving = false;
  #again = false;
  #last: number;
  #error: unknown;

  /** @param path undefined saves nothing (the caller writes once, at the end) */
  constructor(path: string | undefined, render: () => string, now: () => number = () => performance.now()) {
    this.#path = path;
    this.#render = render;
    this.#now = now;
    this.#last = now();
  }

  /** Asks for a save soon. An earlier save that failed is thrown here, so that a full disk ends the run. */
  request(): void {
    if (this.#error !== undefined) throw this.#error as Error;
    if (this.#path === undefined || this.#timer !== undefined) return;
    if (this.#saving) this.#again = true; // what this save costs decides when the next one may be
    else this.#schedule();
  }

  #schedule(): void {
    const wait = Math.max(0, this.#notBefore - this.#now());
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.flush().catch((error: unknown) => { this.#error ??= error; });
    }, wait);
  }

  /** Asks for a save if the last one is older than that (ms): for outputs that come while a cell runs. */
  requestWhenOlder(age: number): void {
    if (this.#now() - this.#last >= age && this.#error === undefined) this.request();
  }

  /** Saves now and waits for it. Throws a WriteError. */
  async flush(options: { durable?: boolean } = {}): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const before = this.#writing;
    const mine = (async () => {
      await before?.catch(() => undefined);
      await this.#save(options);
    })();
    this.#writing = mine;
    await mine;
  }

  async #save(options: { durable?: boolean }): Promise<void> {
    if (this.#path === undefined) return;
    const started = this.#now();
    this.#saving = true;
    try {
      await writeAtomically(this.#path, this.#render(), options);
    } finally {
      this.#saving = false;
    }
    const ended = this.#now();
    this.#last = ended;
    this.#notBefore = ended + (ended - started) * (1 / budget - 1);
    if (this.#again && this.#timer === undefined) this.#schedule();
    this.#again = false;
  }

  /** Drops a save that has not begun and waits for one that has. */
  async close(): Promise<void> {
    await this.#writing?.catch(() => undefined);
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
