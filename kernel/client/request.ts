import type { Message } from "../protocol/messages.ts";
import { delay } from "./timing.ts";

/** The id of the request that caused a message. */
export function parentId(message: Message): string | undefined {
  return (message.parent as { msg_id?: string }).msg_id;
}

/** A request under way: its reply and the end of its outputs, which arrive on different sockets in either order. */
export class Request {
  readonly reply: Promise<Message>;
  readonly idle: Promise<void>;
  #answer!: (message: Message) => void;
  #idle!: () => void;
  #failures: ((error: Error) => void)[] = [];
  #lastHeard = performance.now();
  #isIdle = false;

  constructor() {
    this.reply = new Promise((resolve, reject) => { this.#answer = resolve; this.#failures.push(reject); });
    this.idle = new Promise((resolve, reject) => { this.#idle = resolve; this.#failures.push(reject); });
    // Whoever does not wait for one of them must not be told of its failure.
    this.reply.catch(() => undefined);
    this.idle.catch(() => undefined);
  }

  answer(message: Message): void {
    this.#answer(message);
  }

  heard(): void {
    this.#lastHeard = performance.now();
  }

  becomeIdle(): void {
    this.#isIdle = true;
    this.#idle();
  }

  fail(error: Error): void {
    for (const reject of this.#failures) reject(error);
  }

  /** Resolves when the kernel said idle; throws when it has sent nothing for `silence` milliseconds instead. */
  async outputsEnd(silence: number): Promise<void> {
    this.heard();
    while (!this.#isIdle) {
      const left = this.#lastHeard + silence - performance.now();
      if (left <= 0) throw new Error(`The kernel replied, but never said that the cell's outputs are complete (nothing for ${silence / 1000} s): outputs may be missing.`);
      await waitIdle(this.idle, left);
    }
  }
}

async function waitIdle(idle: Promise<void>, milliseconds: number): Promise<void> {
  const controller = new AbortController();
  try {
    await Promise.race([idle, delay(milliseconds, controller.signal)]);
  } finally {
    controller.abort();
  }
}
