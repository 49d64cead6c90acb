import type { XPublisher } from "zeromq";

/** How many messages may wait for one subscriber. Printed text comes in messages of a megabyte at most. */
export const subscriberQueue = 128;

/** How long all wait for a subscriber that does not read, in milliseconds. */
const defaultPatience = 10_000;

/**
 * Sends to all subscribers, losing nothing for those that read: when somebody's queue is full, the others wait, and with
 * them the cells that print. Whoever has read nothing for ten seconds is passed over until it reads again; so one
 * stalled client neither fills the kernel's memory nor stops the rest for good.
 */
export class Broadcaster {
  readonly #socket: XPublisher;
  readonly #patience: number;
  readonly #stalled: () => void;
  #last: Promise<void> = Promise.resolve();
  #closing = false;

  /**
   * @param socket with `noDrop` set, which makes ZeroMQ tell when a queue is full
   * @param stalled is called when somebody is passed over from now on
   */
  constructor(socket: XPublisher, stalled: () => void, patience = defaultPatience) {
    this.#socket = socket;
    this.#stalled = stalled;
    this.#patience = patience;
  }

  send(frames: readonly Uint8Array[]): void {
    this.#last = this.#last.then(() => this.#deliver([...frames] as Buffer[]));
  }

  /** Resolves when everything handed over so far has been sent. */
  idle(): Promise<void> {
    return this.#last;
  }

  /** Like {@link idle}, but nobody is waited for any more. */
  async close(): Promise<void> {
    this.#closing = true;
    await this.#last;
  }

  async #deliver(frames: Buffer[]): Promise<void> {
    const start = performance.now();
    while (!(await this.#try(frames))) {
      if (this.#closing || performance.now() - start > this.#patience) return this.#passOver(frames);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }

  /** False when a queue is full. Any other failure is a client that went away, which is not the kernel's error. */
  async #try(frames: Buffer[]): Promise<boolean> {
    try {
      await this.#socket.send(frames);
      return true;
    } catch (error) {
      return (error as NodeJS.ErrnoException).code !== "EAGAIN";
    }
  }

  /** ZeroMQ leaves a full queue out of later sends, too, until half of it has been read. */
  async #passOver(frames: Buffer[]): Promise<void> {
    setNoDrop(this.#socket, false);
    await this.#try(frames);
    setNoDrop(this.#socket, true);
    if (!this.#closing) this.#stalled();
  }
}

/** This option takes effect at once; zeromq.js warns that it would not. */
function setNoDrop(socket: XPublisher, value: boolean): void {
  const warning = Object.getOwnPropertyDescriptor(process, "emitWarning")!;
  process.emitWarning = () => undefined;
  try {
    socket.noDrop = value;
  } finally {
    Object.defineProperty(process, "emitWarning", warning);
  }
}
