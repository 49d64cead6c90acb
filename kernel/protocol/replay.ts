/** Remembers the signatures of accepted messages, so that a recorded message sent again is refused. */
export class ReplayGuard {
  readonly #seen = new Set<string>();
  readonly #capacity: number;

  /** @param capacity how many signatures are remembered; the oldest tenth is forgotten when it is exceeded */
  constructor(capacity = 65_536) {
    this.#capacity = capacity;
  }

  /** True the first time a signature is offered. Unsigned messages (empty signature) are always fresh. */
  accept(signature: Uint8Array): boolean {
    if (signature.length === 0) return true;
    const key = Buffer.from(signature).toString("latin1");
    if (this.#seen.has(key)) return false;
    this.#seen.add(key);
    if (this.#seen.size > this.#capacity) this.#forgetOldest();
    return true;
  }

  #forgetOldest(): void {
    let surplus = Math.ceil(this.#capacity / 10);
    for (const key of this.#seen) {
      if (surplus-- <= 0) return;
      this.#seen.delete(key);
    }
  }
}
