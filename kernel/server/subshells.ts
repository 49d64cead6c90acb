import { randomUUID } from "node:crypto";
import type { Header } from "../protocol/messages.ts";
import { CellQueue } from "./cell-queue.ts";
import type { QueueActions } from "./cell-queue.ts";

/** A request names a subshell that does not exist, or no longer. */
export class UnknownSubshellError extends Error {
  override name = "UnknownSubshellError";

  constructor(id: unknown) {
    super(`Unknown subshell_id ${JSON.stringify(id) ?? "(none)"}: list_subshell_request tells which there are, create_subshell_request makes one.`);
  }
}

/**
 * The shells of a kernel (JEP 91): the parent shell, and subshells that clients create. Each has a queue of its own, so
 * a subshell's cells start while a cell of another shell waits. All run on one thread: they take turns at their awaits.
 */
export class Subshells {
  readonly #actions: QueueActions;
  readonly #parent: CellQueue;
  readonly #subshells = new Map<string, CellQueue>();

  constructor(actions: QueueActions) {
    this.#actions = actions;
    this.#parent = new CellQueue(actions);
  }

  create(): string {
    const id = randomUUID();
    this.#subshells.set(id, new CellQueue(this.#actions));
    return id;
  }

  /** Ends a subshell: its running cell goes on to its end, those that wait are aborted. Throws UnknownSubshellError. */
  delete(id: unknown): void {
    const queue = this.#find(id);
    this.#subshells.delete(id as string);
    queue.abortWaiting();
  }

  list(): string[] {
    return [...this.#subshells.keys()];
  }

  /** The queue that a request's header asks for. Throws UnknownSubshellError. */
  queueOf({ subshell_id: id }: Header): CellQueue {
    return id === undefined || id === null ? this.#parent : this.#find(id);
  }

  #find(id: unknown): CellQueue {
    const queue = typeof id === "string" ? this.#subshells.get(id) : undefined;
    if (queue === undefined) throw new UnknownSubshellError(id);
    return queue;
  }
}
