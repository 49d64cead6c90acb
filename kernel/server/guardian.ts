import { Session } from "node:inspector";
import { interruptChildren } from "./children.ts";
import { stopsByItself } from "./cooperation.ts";
import { slot } from "../language/link.ts";
import type { SharedState, ToInterpreter } from "../language/link.ts";

/** How long a thread may be silent before it counts as busy, and how long it may take to unwind, in milliseconds. */
const patience = { reply: 25, unwind: 1000, retry: 250 } as const;
const maximumAttempts = 40;

/** What the guardian knows about the cells. */
export interface Watched {
  /** The cells that run. */
  running(): readonly number[];
  post(message: ToInterpreter): void;
  /** Called when what runs withstands everything. */
  giveUp(): void;
}

/**
 * Stops the main thread, in three tiers: awaits are rejected and the shared flag is raised at once; execution is
 * terminated only if the main thread does not answer in time. Termination skips `finally` blocks, so code that
 * looks at the flag gets a longer grace period, and one that is inside a marked operation as long as that takes.
 */
export class Guardian {
  readonly #shared: SharedState;
  readonly #watched: Watched;
  #session: Session | undefined;
  #stopping: Promise<void> | undefined;
  #responsive: (() => void) | undefined;

  constructor(shared: SharedState, watched: Watched) {
    this.#shared = shared;
    this.#watched = watched;
  }

  /** The main thread answered. */
  responsive(): void {
    this.#responsive?.();
  }

  /** Interrupts what the main thread does, cell or not. Resolves when it is free, or beyond help. */
  async interrupt(): Promise<void> {
    const cells = this.#watched.running();
    Atomics.store(this.#shared.flag, 0, 1);
    Atomics.notify(this.#shared.control, slot.input);
    if (this.#stopping) return this.#stopping;
    this.#stopping = this.#stopAndDisconnect(cells);
    return this.#stopping;
  }

  /** Whether an interrupt is under way. */
  get busy(): boolean {
    return this.#stopping !== undefined;
  }

  /** Resolves when no interrupt is under way any more: a cell started earlier could be hit by it. */
  async settled(): Promise<void> {
    await this.#stopping;
  }

  async #stopAndDisconnect(cells: readonly number[]): Promise<void> {
    try {
      await this.#stop(cells);
    } finally {
      this.#stopping = undefined;
      // A session left connected would make the process wait for it at exit.
      this.#session?.disconnect();
      this.#session = undefined;
    }
  }

  async #stop(cells: readonly number[]): Promise<void> {
    const answered = this.#ask();
    if ((await within(answered, patience.reply)) || (await stopsByItself(this.#shared.control, answered))) return this.#unwind(cells);
    if (!(await this.#force())) return this.#watched.giveUp();
    // What was terminated inside an operation never said that it ended.
    Atomics.store(this.#shared.control, slot.operations, 0);
    this.#finish(cells, true);
  }

  /** Terminates until the main thread answers. Resolves with whether it did. */
  async #force(): Promise<boolean> {
    for (let attempt = 0; attempt < maximumAttempts; attempt++) {
      const consumed = this.#terminate();
      // Had the thread just become idle, the termination would wait for the next event: let that be this question.
      void this.#ask();
      if (await within(consumed, patience.retry)) {
        if ((await within(this.#ask(), patience.retry)) || (await within(this.#ask(), patience.retry))) return true;
      } else {
        // Neither a flag nor termination reaches a thread that waits for a child process.
        interruptChildren();
      }
    }
    return false;
  }

  /** Waits for cells whose awaits were rejected; leaves those behind that go on. */
  async #unwind(cells: readonly number[]): Promise<void> {
    const end = Date.now() + patience.unwind;
    while (this.#stillRunning(cells).length > 0 && Date.now() < end) {
      await sleep(10);
      // Having caught the interrupt, the cell may now compute without a pause.
      if (Date.now() > end - patience.unwind / 2 && !(await within(this.#ask(), patience.unwind / 2))) {
        if (!(await this.#force())) return this.#watched.giveUp();
        return this.#finish(cells, true);
      }
    }
    this.#finish(cells, false);
  }

  #finish(cells: readonly number[], terminated: boolean): void {
    for (const id of this.#stillRunning(cells)) this.#watched.post({ type: "abandon", id, terminated });
  }

  #stillRunning(cells: readonly number[]): readonly number[] {
    const running = this.#watched.running();
    return cells.filter((cell) => running.includes(cell));
  }

  #ask(): Promise<void> {
    return new Promise((resolve) => {
      this.#responsive = resolve;
      this.#watched.post({ type: "interrupt" });
    });
  }

  /** Resolves when the termination has taken effect: until then it may hit whatever runs next. */
  async #terminate(): Promise<void> {
    while (Atomics.load(this.#shared.control, slot.critical) !== 0) await sleep(5);
    if (this.#session === undefined) {
      this.#session = new Session();
      this.#session.connectToMainThread();
    }
    Atomics.add(this.#shared.control, slot.terminations, 1);
    const session = this.#session;
    await new Promise<void>((resolve) => session.post("Runtime.terminateExecution", () => resolve()));
  }
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

async function within(event: Promise<void>, milliseconds: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => { timer = setTimeout(() => resolve(false), milliseconds); });
  const result = await Promise.race([event.then(() => true), late]);
  clearTimeout(timer);
  return result;
}
