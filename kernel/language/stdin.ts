import { receiveMessageOnPort } from "node:worker_threads";
import type { MessagePort } from "node:worker_threads";
import { InterruptedError } from "./interrupts.ts";
import type { FromInterpreter, InputAnswer, SharedState } from "./link.ts";
import { slot } from "./link.ts";

/** The cell that asks, and whether its frontend can answer. */
export interface Asker {
  readonly id: number;
  readonly allowStdin: boolean;
}

/** Asks the person at the notebook for a line of text. */
export class Stdin {
  readonly #post: (message: FromInterpreter) => void;
  readonly #answers: MessagePort;
  readonly #shared: SharedState;
  #waiting: { cell: number; answer: (answer: InputAnswer) => void }[] = [];

  /** @param answers where the answers to blocking questions arrive */
  constructor(post: (message: FromInterpreter) => void, answers: MessagePort, shared: SharedState) {
    this.#post = post;
    this.#answers = answers;
    this.#shared = shared;
  }

  /** Resolves with the answer. Throws when the frontend takes no questions. */
  ask(asker: Asker | undefined, prompt: string, password: boolean): Promise<string> {
    const cell = allowed(asker);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ cell, answer: (answer) => ("value" in answer ? resolve(answer.value) : reject(new Error(answer.error))) });
      this.#post({ type: "input", cell, prompt, password, blocking: false });
    });
  }

  /** Delivers an answer to the oldest question that a cell asked with {@link ask}. */
  deliver(cell: number, answer: InputAnswer): void {
    const at = this.#waiting.findIndex((waiting) => waiting.cell === cell);
    if (at >= 0) this.#waiting.splice(at, 1)[0].answer(answer);
  }

  /** A cell has ended: its questions are not answered any more. */
  forget(cell: number): void {
    this.#waiting = this.#waiting.filter((waiting) => waiting.cell !== cell);
  }

  /** After an interrupt nobody waits for answers any more; a later answer must not reach what a cell asks next. */
  forgetAll(): void {
    this.#waiting = [];
  }

  /** Waits on this thread for the answer. Throws InterruptedError, or when the frontend takes no questions. */
  askSync(asker: Asker | undefined, prompt: string, password: boolean): string {
    const cell = allowed(asker);
    if (Atomics.load(this.#shared.flag, 0) !== 0) throw new InterruptedError(); // also the next question of a cell that caught it
    while (receiveMessageOnPort(this.#answers)); // late answers to a question that was interrupted
    this.#post({ type: "input", cell, prompt, password, blocking: true });
    for (;;) {
      const seen = Atomics.load(this.#shared.control, slot.input);
      const received = receiveMessageOnPort(this.#answers);
      if (received) return textOf(received.message as InputAnswer);
      if (Atomics.load(this.#shared.flag, 0) !== 0) throw new InterruptedError();
      Atomics.wait(this.#shared.control, slot.input, seen, 1000);
    }
  }
}

function allowed(asker: Asker | undefined): number {
  if (asker?.allowStdin) return asker.id;
  throw new Error("input: this frontend does not answer questions (allow_stdin is false). Run the notebook interactively, or take the value from a parameter.");
}

function textOf(answer: InputAnswer): string {
  if ("value" in answer) return answer.value;
  throw new Error(answer.error);
}
