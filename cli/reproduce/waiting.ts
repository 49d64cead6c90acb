/** A run that another process trains. */
export interface WaitingState {
  readonly label: string;
  /** "process 7 on host". */
  readonly holder: string;
}

/** Runs that other processes train, and when they are to be asked for again. */
export class Waiting {
  readonly #pause: number;
  readonly #runs = new Map<string, WaitingState & { readonly until: number }>();

  /** @param pause milliseconds between two questions for the same run */
  constructor(pause: number) {
    this.#pause = pause;
  }

  get size(): number {
    return this.#runs.size;
  }

  get states(): readonly WaitingState[] {
    return [...this.#runs.values()].map(({ label, holder }) => ({ label, holder }));
  }

  /** Milliseconds until one of them is to be asked for; one that is late, for want of room, has a whole pause again. */
  get due(): number {
    const left = Math.min(...[...this.#runs.values()].map(({ until }) => until)) - performance.now();
    return left > 0 ? left : this.#pause;
  }

  add({ id, label }: { readonly id: string; readonly label: string }, holder: string): void {
    this.#runs.set(id, { label, holder, until: performance.now() + this.#pause });
  }

  delete(id: string): void {
    this.#runs.delete(id);
  }

  /** Whether it is too early to ask for a run again. */
  holds(id: string): boolean {
    return performance.now() < (this.#runs.get(id)?.until ?? 0);
  }
}
