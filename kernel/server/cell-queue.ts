import type { Received } from "../protocol/messages.ts";
import type { Finished } from "./execution.ts";

/** What a queue does with its cells. */
export interface QueueActions {
  /** Runs a cell, and resolves when it has ended. */
  execute(request: Received): Promise<Finished>;
  /** Tells the client how its cell ended; then its queue goes on. */
  conclude(request: Received, finished: Finished): void;
  /** Tells the client that its cell is not going to run. */
  abort(request: Received): void;
}

/** The cells of one shell: they run one after another. */
export class CellQueue {
  readonly #actions: QueueActions;
  #waiting: Received[] = [];
  #draining = false;

  constructor(actions: QueueActions) {
    this.#actions = actions;
  }

  add(request: Received): void {
    this.#waiting.push(request);
    if (!this.#draining) void this.#drain();
  }

  /** Aborts the cells that wait. The one that runs goes on. */
  abortWaiting(): void {
    for (const request of this.#take()) this.#actions.abort(request);
  }

  async #drain(): Promise<void> {
    this.#draining = true;
    for (let request = this.#waiting.shift(); request; request = this.#waiting.shift()) await this.#run(request);
    this.#draining = false;
  }

  async #run(request: Received): Promise<void> {
    const finished = await this.#actions.execute(request);
    // A cell failed: those already sent after it do not run, as their author did not know of the failure. Some may
    // still be in the sockets; waiting before the reply, not after it, spares what is sent in answer to it.
    if (finished.abortQueue) await new Promise((resolve) => setTimeout(resolve, 2));
    const unwanted = finished.abortQueue ? this.#take() : [];
    this.#actions.conclude(request, finished);
    for (const each of unwanted) this.#actions.abort(each);
  }

  #take(): readonly Received[] {
    return this.#waiting.splice(0);
  }
}
