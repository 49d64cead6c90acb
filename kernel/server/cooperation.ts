import { slot } from "../language/link.ts";

/** How long code that honours the interrupt flag may take to stop by itself, in milliseconds. */
export const grace = {
  /** For code that only looks at the flag. */
  flag: 2000,
  /** For code that also marks its operations: as long as it neither begins nor ends one, it is other code that runs. */
  quiet: 300,
  /** For one operation that does not end. */
  operation: 60_000,
  sample: 20,
} as const;

/**
 * Waits for the main thread to stop by itself after the flag was raised. Resolves with whether it did. Where nobody
 * honours the flag, or everybody who does is evidently not what runs, this ends early.
 */
export async function stopsByItself(control: Int32Array, answered: Promise<void>): Promise<boolean> {
  const mode = Atomics.load(control, slot.cooperative);
  if (mode === 0) return false;
  let stopped = false;
  void answered.then(() => { stopped = true; });
  const watch = new Watch(control);
  while (!stopped && !watch.isOver(mode)) await new Promise((resolve) => setTimeout(resolve, grace.sample));
  return stopped;
}

/** Follows the counters that marked operations move. */
class Watch {
  readonly #control: Int32Array;
  /** Since when no operation has been under way. */
  #outside = performance.now();
  #looks: number;
  #moved = performance.now();
  #operated = performance.now();

  constructor(control: Int32Array) {
    this.#control = control;
    this.#looks = Atomics.load(control, slot.looks);
  }

  isOver(mode: number): boolean {
    const now = performance.now();
    const looks = Atomics.load(this.#control, slot.looks);
    const inside = Atomics.load(this.#control, slot.operations) > 0;
    if (looks !== this.#looks || inside) this.#moved = now;
    if (!inside || looks !== this.#looks) this.#operated = now;
    this.#looks = looks;
    if (inside) this.#outside = now;
    if (inside) return now - this.#operated > grace.operation;
    return now - this.#outside > grace.flag || (mode === 2 && now - this.#moved > grace.quiet);
  }
}
